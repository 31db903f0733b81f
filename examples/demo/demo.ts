import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { run } from '@x/example-typeorm';
import { observe } from './observe.ts';
import { type Connection, type Program, programs } from './programs.ts';

/** One program over one type of address. */
export interface Row {
  readonly orm: string;
  readonly ormVersion: string;
  readonly driver: string;
  readonly ipType: 'PUBLIC' | 'PRIVATE';
  readonly currentUser: string;
  readonly tlsProtocol: string;
  readonly tlsCipher: string;
  readonly certificateExpires: string;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly ms: number;
  readonly ok: boolean;
  readonly error?: string;
}

/** A login that must be refused, and the same program once the user exists. */
export interface Refusal {
  readonly refused: boolean;
  readonly code: string;
  readonly message: string;
  readonly allowedAfterGrant: boolean;
}

/**
 * Runs the five programs over each type of address and reports each row as soon as it is there. Prisma's run beside
 * the others, since they mostly wait for Prisma's own command.
 */
export async function runPrograms(
  target: Omit<Connection, 'ipType'>,
  ipTypes: readonly Row['ipType'][],
  report: (row: Row) => void,
): Promise<boolean> {
  const lane = async (lane: readonly Program[]): Promise<boolean> => {
    let held = true;
    for (const ipType of ipTypes) {
      for (const program of lane) {
        const row = await runProgram(program, { ...target, ipType });
        report(row);
        held &&= row.ok;
      }
    }
    return held;
  };
  const isPrisma = ({ orm }: Program): boolean => orm === 'prisma';
  const lanes = [programs.filter(isPrisma), programs.filter((program) => !isPrisma(program))];
  return (await Promise.all(lanes.map(lane))).every(Boolean);
}

async function runProgram(program: Program, connection: Connection): Promise<Row> {
  const { orm, ormVersion, driver } = program;
  const row = { orm, ormVersion, driver, ipType: connection.ipType };
  const run = await program.load();
  const started = performance.now();
  const ms = (): number => Math.round(performance.now() - started);
  try {
    const outcome = await observe(() => run(connection));
    return { ...row, ...outcome, ms: ms(), ok: outcome.rowsWritten === outcome.rowsRead };
  } catch (error) {
    return { ...row, ...nothing, ms: ms(), ok: false, error: messageOf(error) };
  }
}

const nothing = {
  currentUser: '',
  tlsProtocol: '',
  tlsCipher: '',
  certificateExpires: '',
  rowsWritten: 0,
  rowsRead: 0,
};

/** Logs in as a principal that may connect but has no database user, then creates the user and tries again. */
export async function refuseThenGrant(cloud: Emulator, connection: Connection, email: string): Promise<Refusal> {
  const before = process.env.CLOUDSQL_EMULATOR_PRINCIPAL;
  process.env.CLOUDSQL_EMULATOR_PRINCIPAL = email;
  const connector = new Connector();
  try {
    const refusal = await run({ ...connection, connector }).then(
      () => undefined,
      (error: Error & { code?: string; reason?: string }) => error,
    );
    await cloud.createUser(connection.instance, { email, databaseRoles: ['cloudsqlsuperuser'] });
    const allowed = await run({ ...connection, connector });
    return {
      refused: refusal !== undefined,
      code: refusal?.reason ?? refusal?.code ?? '',
      message: refusal?.message ?? '',
      allowedAfterGrant: allowed.rowsRead === allowed.rowsWritten,
    };
  } finally {
    await connector.close();
    if (before === undefined) delete process.env.CLOUDSQL_EMULATOR_PRINCIPAL;
    else process.env.CLOUDSQL_EMULATOR_PRINCIPAL = before;
  }
}

function messageOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;
}
