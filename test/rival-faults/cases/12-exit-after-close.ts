import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '12 a process stays for up to 30 s after close()',
  rival: /HUNG|closed/,
  certificateLifetimeMs: 10_000,
  endsByItself: true,
  async run({ connector, name }) {
    await connector.getOptions(name);
    await delay(1000);
    connector.close();
  },
} satisfies RivalCase as RivalCase;
