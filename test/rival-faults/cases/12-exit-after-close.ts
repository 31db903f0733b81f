import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '12 a process stays for up to 30 s after close()',
  rival: /HUNG|closed/,
  certificateLifetimeMs: 10_000,
  endsByItself: true,
  async run({ cloud, connector, name }) {
    await connector.getOptions(name);
    const isRefreshed = async (): Promise<boolean> => ((await cloud.calls()).generateEphemeralCert ?? 0) > 1;
    for (let i = 0; i < 60 && !(await isRefreshed()); i++) await delay(100);
    await delay(1000);
    connector.close();
  },
} satisfies RivalCase as RivalCase;
