import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Launcher } from './launcher.ts';

/** What the supervisor needs to know about one server. */
export interface SupervisedServer {
  readonly launcher: Launcher;
  /** Folder that everything of the emulator lies in. */
  readonly workspace: string;
  /** Name of this server's folder, unique in the workspace. Kept short: the path of a socket has little room. */
  readonly folder: string;
  /** Folder of the data; what is in it already is used. */
  readonly data: string;
  /**
   * Shell commands that make the data unless it is there, joined by `&&`. They see `$DATA`, `$FOLDER`, which is for the
   * socket and the log, `$PREFIX`, which the launcher wants before each program, and {@link environment}.
   */
  readonly prepare: string;
  /** The server's program and its arguments. */
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Returns the folder that a server will have: for its socket and its log, and for its data unless that is kept. */
export function serverFolder({ workspace, folder }: Pick<SupervisedServer, 'workspace' | 'folder'>): string {
  return `${serversIn(workspace)}/${folder}`;
}

// Whoever removes it when it is empty removes the workspace, too.
function serversIn(workspace: string): string {
  return `${workspace}/db`;
}

// Makes the data, runs the server, and holds a pipe whose other end its owner holds. When the pipe ends, because the owner
// closed it or was killed, it stops the server; unless the owner has said that it will, it removes the files. SIGTERM is sent after SIGINT because a server
// that has not yet installed its handlers ignores SIGINT, as background commands do.
const SCRIPT = `
exec 3<&0 </dev/null
if [ -n "$EXTRA_LIBRARIES" ]; then
  export LD_LIBRARY_PATH="$EXTRA_LIBRARIES" DYLD_LIBRARY_PATH="$EXTRA_LIBRARIES"
fi
mkdir -p -m 700 "$SERVERS" "$FOLDER" || exit 1
umask 077
{ eval "$PREPARE"; } >"$FOLDER/log" 2>&1 3<&- || exit 1
$PREFIX "$@" >>"$FOLDER/log" 2>&1 3<&- &
server=$!
{
  read -r word <&3
  [ "$word" = stop ] || : >"$FOLDER/abandoned"
  while kill -INT "$server"; do
    kill -TERM "$server"
    sleep 0.1
  done
} >/dev/null 2>&1 &
watcher=$!
wait "$server"
status=$?
if [ -e "$FOLDER/abandoned" ]; then
  rm -rf "$FOLDER"
  rmdir "$SERVERS" 2>/dev/null && rm -rf "$WORKSPACE"
fi
kill "$watcher" 2>/dev/null
exit $status
`;

const STOP_TIMEOUT_MS = 10_000;
const LOG_TAIL_LENGTH = 4096;

/** Owns one database server: it never outlives this object's process, however that ends. */
export class Supervisor {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #exited: Promise<void>;
  #running = true;

  constructor(server: SupervisedServer) {
    const { launcher, workspace } = server;
    const folder = serverFolder(server);
    this.#log = `${folder}/log`;
    this.#child = spawn('sh', ['-c', SCRIPT, 'cloudsql-emulator', ...server.command], {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      // A group of its own: Ctrl-C goes to the owner alone, who then stops the server in order.
      detached: true,
      env: {
        EXTRA_LIBRARIES: '',
        ...server.environment,
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        TZ: 'UTC',
        LC_ALL: 'C',
        PREPARE: server.prepare,
        PREFIX: launcher.prefix,
        WORKSPACE: workspace,
        SERVERS: serversIn(workspace),
        FOLDER: folder,
        DATA: server.data,
      },
      ...(launcher.userId === undefined ? {} : { uid: launcher.userId, gid: launcher.userId }),
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      const finish = (): void => {
        this.#running = false;
        resolve();
      };
      this.#child.once('exit', finish).once('error', finish);
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when the server has ended, for whatever reason. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Stops the server and waits until it has gone. Its clients are told that an administrator shut it down. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    // What is left belongs to the owner, who may want to keep a copy of the data.
    this.#child.stdin?.end('stop\n');
    const deadline = setTimeout(() => {
      // The whole group, which the server is in, too.
      if (this.#child.pid !== undefined && this.#running) process.kill(-this.#child.pid, 'SIGKILL');
    }, STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(deadline);
  }

  /** Returns the end of the server's log. */
  async logTail(): Promise<string> {
    const log = await readFile(this.#log, 'utf8').catch(() => '');
    return log.slice(-LOG_TAIL_LENGTH).trim();
  }
}
