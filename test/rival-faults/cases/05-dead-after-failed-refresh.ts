import { setTimeout as delay } from 'node:timers/promises';
import { often, type RivalCase } from '../case.ts';

export default {
  fault: '5 an instance whose background refresh has failed is dead for ever',
  rival: /terminated|expired|ECONNRESET/,
  certificateLifetimeMs: 3000,
  async run({ cloud, connector, name, login }) {
    process.on('unhandledRejection', () => {});
    const options = await connector.getOptions({ ...name, ...often });
    await cloud.api('*', { status: 403 });
    await delay(2500);
    await cloud.clear();
    await delay(2500);
    const client = await login(options);
    await client.end();
  },
} satisfies RivalCase as RivalCase;
