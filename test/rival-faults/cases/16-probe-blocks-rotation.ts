import { setTimeout as delay } from 'node:timers/promises';
import { often, type RivalCase } from '../case.ts';

export default {
  fault: '16 a login probe after each refresh holds the new certificate back for up to 30 s',
  rival: /terminated|ECONNRESET|expired/,
  certificateLifetimeMs: 4000,
  async run({ cloud, connector, name, login, iamUser }) {
    const options = await connector.getOptions({ ...name, ...often, authType: 'IAM' });
    const client = await login(options, { user: iamUser });
    await cloud.connections('SILENT_AFTER_HANDSHAKE');
    await delay(5500);
    await cloud.clear();
    const second = await login(options, { user: iamUser });
    await Promise.all([client.end(), second.end()]);
  },
} satisfies RivalCase as RivalCase;
