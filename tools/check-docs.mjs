// Checks that whatever users can import is documented where their editor shows it: every export of every package has a
// doc comment, every option one that says its default, and docs/options.md is what the comments say.
// `node tools/check-docs.mjs --write` writes that page.

import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { optionsReference } from './options-reference.mjs';

const root = path.dirname(import.meta.dirname);
process.chdir(root);

const entries = fs.readdirSync('packages').flatMap((folder) => {
  /** @type {Record<string, string>} */
  const exported = JSON.parse(fs.readFileSync(path.join('packages', folder, 'package.json'), 'utf8')).exports ?? {};
  return Object.values(exported)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(root, 'packages', folder, file));
});
const config = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
const program = ts.createProgram(entries, { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** @type {Set<string>} */
const problems = new Set();
for (const entry of entries) {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} exports nothing`);
  for (const exported of checker.getExportsOfModule(module)) inspect(exported);
}

const page = optionsReference(program);
if (process.argv.includes('--write')) fs.writeFileSync('docs/options.md', page);
else if (fs.readFileSync('docs/options.md', 'utf8') !== page) {
  problems.add(
    'docs/options.md is not what the comments say: run `node tools/check-docs.mjs --write` with tools installed',
  );
}
for (const problem of [...problems].sort()) console.log(problem);
if (problems.size > 0) process.exitCode = 1;

/** @param {ts.Symbol} exported */
function inspect(exported) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const declarations = (symbol.declarations ?? []).filter((node) => isOurs(node.getSourceFile()));
  if (declarations.length === 0) return;
  if (!textOf(symbol)) problem(declarations[0], `${exported.name} has no doc comment`);
  for (const node of declarations) {
    if (ts.isInterfaceDeclaration(node) && /Options$/.test(node.name.text)) node.members.forEach(inspectOption);
    if (ts.isClassDeclaration(node)) node.members.forEach(inspectMember);
  }
}

/** @param {ts.TypeElement} member */
function inspectOption(member) {
  const symbol = member.name && checker.getSymbolAtLocation(member.name);
  if (!symbol || isNever(member)) return;
  if (!textOf(symbol)) problem(member, `the option ${symbol.name} has no doc comment`);
  // What may be left out says what happens then: by a default, or in its text.
  const isOptional = Boolean(/** @type {ts.PropertySignature} */ (member).questionToken);
  // The defaults of the drop-in are those of Google's connector.
  if (member.getSourceFile().fileName.includes('/cloudsql-core/src/google/')) return;
  const says = symbol.name === 'signal' || symbol.getJsDocTags(checker).some(({ name }) => name === 'default');
  if (isOptional && !says) problem(member, `the option ${symbol.name} has no @default`);
}

/** @param {ts.ClassElement} member */
function inspectMember(member) {
  if (!member.name || !ts.isIdentifier(member.name)) return;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  if (ts.getCombinedModifierFlags(member) & hidden) return;
  const symbol = checker.getSymbolAtLocation(member.name);
  if (symbol && !textOf(symbol)) problem(member, `the member ${symbol.name} has no doc comment`);
}

/** @param {ts.TypeElement} member @returns {boolean} Whether the option exists only to be refused. */
function isNever(member) {
  return ts.isPropertySignature(member) && member.type?.kind === ts.SyntaxKind.NeverKeyword;
}

/** @param {ts.Symbol} symbol @returns {string} */
function textOf(symbol) {
  const tags = symbol.getJsDocTags(checker).map(({ text }) => ts.displayPartsToString(text));
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)) || tags.join(' ');
}

/** @param {ts.SourceFile} file @returns {boolean} */
function isOurs(file) {
  return path.relative(path.join(root, 'packages'), file.fileName).split(path.sep)[1] === 'src';
}

/** @param {ts.Node | undefined} node @param {string} what */
function problem(node, what) {
  if (!node) return;
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  problems.add(`${path.relative(root, file.fileName)}:${line + 1} ${what}`);
}
