// The text of docs/options.md, from the doc comments of the options themselves.

import ts from 'typescript';

/** The interfaces that the page shows, and what stands above each. */
const sections = [
  {
    name: 'ConnectionOptions',
    title: 'Of a connection',
    intro: 'Every adapter and binding takes these beside the options of its ORM or driver.',
  },
  {
    name: 'ConnectorOptions',
    title: 'Of a connector',
    intro: 'For `new Connector()`, and for the option `connector` where no connector was made.',
  },
];

/**
 * @param {ts.Program} program
 * @returns {string}
 */
export function optionsReference(program) {
  const tables = sections.map(({ name, title, intro }) => {
    const rows = membersOf(program, name).map((member) => row(program.getTypeChecker(), member));
    return `## ${title}\n\n${intro}\n\n| option | type | meaning | default |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Options

Text is accepted in any letter case where a few words are the choice, because it often comes from the environment. What is unknown, wrong or
contradicting is a [\`ConfigError\`](errors.md#configerror) when the object is made, not when it connects.
This page is written from the doc comments in the source: \`node tools/check-docs.mjs --write\`.

${tables.join('\n')}`;
}

/** @param {ts.Program} program @param {string} name @returns {readonly ts.PropertySignature[]} */
function membersOf(program, name) {
  for (const file of program.getSourceFiles()) {
    for (const node of file.statements) {
      if (!file.fileName.includes('/cloudsql-core/src/options/')) continue;
      if (ts.isInterfaceDeclaration(node) && node.name.text === name)
        return node.members.filter(ts.isPropertySignature);
    }
  }
  throw new Error(`There is no interface ${name}`);
}

/** @param {ts.TypeChecker} checker @param {ts.PropertySignature} member @returns {string} */
function row(checker, member) {
  const symbol = checker.getSymbolAtLocation(member.name);
  if (!symbol) throw new Error('a member has no symbol');
  const meaning = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'default');
  const byDefault = member.questionToken ? ts.displayPartsToString(tag?.text) : 'required';
  const type = `\`${member.type
    ?.getText()
    .replace(/readonly | \(string & \{\}\)/g, '')
    .replace(/\s*\|\s*$/, '')}\``;
  return `| \`${symbol.name}\` | ${[type, meaning, byDefault].map(cell).join(' | ')} |`;
}

/** @param {string} text @returns {string} */
function cell(text) {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
}
