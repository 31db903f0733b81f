import { execFileSync } from 'node:child_process';
import type { RivalCase } from '../case.ts';

export default {
  fault: '8 the local proxy waits without end where a killed process left its socket',
  rival: /HUNG|EADDRINUSE/,
  async run({ connector, name, socketPath }) {
    const leave = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    try {
      execFileSync(process.execPath, ['-e', leave, socketPath], { stdio: 'ignore' });
    } catch {
      // It was killed, as is meant.
    }
    await connector.startLocalProxy({ ...name, listenOptions: { path: socketPath } });
  },
} satisfies RivalCase as RivalCase;
