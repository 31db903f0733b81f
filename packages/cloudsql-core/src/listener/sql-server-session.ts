import { CloudSqlError } from '../errors.ts';
import { endWith } from './relay.ts';
import { firstByte, Session } from './session.ts';
import { encodePreloginAnswer, encodeTdsError, isPrelogin, readTdsMessage } from './tds.ts';

/**
 * A client that speaks TDS. What it says is passed on as it is: who it is and whether it encrypts once more is between
 * it and the server.
 */
export class SqlServerSession extends Session {
  protected override readonly engine = 'SQLSERVER';

  protected override async serve(): Promise<void> {
    const { client } = this;
    const first = await this.inTime(async (signal) => {
      const message = await readTdsMessage(client, signal);
      if (!message || !isPrelogin(message)) return undefined;
      const problem = await this.gate.admit(client, signal);
      if (problem !== undefined) throw new Error(problem);
      return message;
    });
    // It has gone, or speaks something else, in which nothing could be answered.
    if (!first) client.destroy();
    else
      await this.logIn(
        '',
        () => first,
        ({ socket }, signal) => firstByte(socket, signal),
      );
  }

  protected override refuse(error: Error): void {
    this.#tell(error).catch(() => this.client.destroy());
  }

  protected override sayClosed(): void {
    // Before its login a client understands no errors.
  }

  /** There is no place for an error before the client has sent its login. */
  async #tell(error: Error): Promise<void> {
    this.client.write(encodePreloginAnswer());
    await this.inTime((signal) => readTdsMessage(this.client, signal));
    const code = error instanceof CloudSqlError ? ` (${error.code})` : '';
    endWith(this.client, encodeTdsError(`${error.message}${code}`));
  }
}
