import pg from 'pg';
import type { RivalCase } from '../case.ts';

export default {
  fault: '21 the local proxy drops domainName',
  rival: /ENOCONNECTIONNAME/,
  async run({ connector, domain, socketPath }) {
    await connector.startLocalProxy({ ...domain, listenOptions: { path: socketPath } });
    const host = socketPath.slice(0, socketPath.lastIndexOf('/'));
    const client = new pg.Client({ host, user: 'native', password: 'correct horse', database: 'orders' });
    await client.connect();
    await client.end();
  },
} satisfies RivalCase as RivalCase;
