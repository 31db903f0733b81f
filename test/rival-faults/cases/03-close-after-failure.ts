import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '3 close() after a failed getOptions() ends the process',
  rival: /403/,
  async run({ cloud, connector, name }) {
    await cloud.api('connectSettings', { status: 403 });
    await connector.getOptions(name).catch(() => {});
    connector.close();
    await delay(300);
  },
} satisfies RivalCase as RivalCase;
