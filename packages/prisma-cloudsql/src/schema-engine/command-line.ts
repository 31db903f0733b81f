import { parseArgs } from 'node:util';

/** What the `prisma` command says about the database: `datasource` of `prisma.config.ts`. */
export interface Datasource {
  readonly url?: string;
  readonly shadowDatabaseUrl?: string;
}

/** How the `prisma` command starts an engine. */
export interface CommandLine {
  /** `serve` answers requests until stdin ends; the others do one thing. */
  readonly task: 'serve' | 'version' | 'can-connect-to-database' | 'create-database';
  readonly datasource: Datasource;
  /** Paths of the schema files. */
  readonly datamodels: readonly string[];
}

const cliTasks = ['can-connect-to-database', 'create-database'] as const;

/** Reads the arguments of the engine; those that it has no use for are let pass. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    strict: false,
    options: {
      datasource: { type: 'string' },
      datamodels: { type: 'string', short: 'd', multiple: true },
      'enabled-preview-features': { type: 'string' },
      'extension-types': { type: 'string' },
      version: { type: 'boolean', short: 'V' },
    },
  });
  return {
    task: values.version ? 'version' : taskOf(positionals),
    datasource: typeof values.datasource === 'string' ? (JSON.parse(values.datasource) as Datasource) : {},
    datamodels: (values.datamodels ?? []).filter((file) => typeof file === 'string'),
  };
}

function taskOf([group, name]: readonly string[]): CommandLine['task'] {
  if (group === undefined) return 'serve';
  const task = group === 'cli' ? cliTasks.find((each) => each === name) : undefined;
  if (task) return task;
  throw new Error(`The schema engine of @x/prisma-cloudsql has no command "${[group, name].join(' ').trim()}"`);
}
