import { setTimeout as delay } from 'node:timers/promises';
import { often, type RivalCase } from '../case.ts';

export default {
  fault: '4 a failed background refresh before the first connection ends the process',
  rival: /403/,
  certificateLifetimeMs: 3000,
  async run({ cloud, connector, name }) {
    await connector.getOptions({ ...name, ...often });
    await cloud.api('*', { status: 403 });
    await delay(3000);
  },
} satisfies RivalCase as RivalCase;
