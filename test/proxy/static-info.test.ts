import { writeFileSync } from 'node:fs';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { primary, replica, startAlloyDb } from '../alloydb-cloud.ts';
import { staticInfo } from '../alloydb-static-info.ts';
import { cloudsql } from '../cli/cloudsql.ts';
import { appUser } from '../cloud.ts';
import { query } from '../local-client.ts';
import { ProxyProcess } from './proxy-process.ts';
import { onPort, proxyUrl } from './proxy-urls.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startAlloyDb();
});

afterAll(() => cloud.close());

it('serves an AlloyDB instance by the connection info in a file, without the API', async () => {
  // Where it is, the proxy finds out with the API once.
  await using finder = await ProxyProcess.ready([await onPort(primary)], cloud.env);
  await query(proxyUrl(finder, primary));
  const { localAddress: ipAddress } = cloud.connections.at(-1)!;
  const file = `${cloud.caFile}.info.json`;
  writeFileSync(file, JSON.stringify(await staticInfo(cloud, primary, { ipAddress })));
  cloud.resetStatistics();

  const flag = ['--static-connection-info', file];
  await using proxy = await ProxyProcess.ready([await onPort(primary), ...flag, '--run-connection-test'], cloud.env);
  expect(await query(proxyUrl(proxy, primary))).toEqual({ user: appUser, db: 'orders' });
  expect(cloud.connections.at(-1)).toMatchObject({ instance: primary, ipType: 'PRIVATE' });
  const { connectionInfo, generateClientCertificate } = cloud.statistics().calls;
  expect([connectionInfo, generateClientCertificate]).toEqual([undefined, undefined]);

  const other = new ProxyProcess([await onPort(replica), ...flag], cloud.env);
  await using _ = other;
  expect(await other.ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('`alloyDbStaticInfo` does not hold the instance'),
  });
});

it.each(['{"privateKey": "hidden', '[]', '"text"', ''])('says which flag names a file that holds %j', async (text) => {
  const file = `${cloud.caFile}.wrong.json`;
  writeFileSync(file, text);
  expect(await cloudsql(['proxy', '--check-config', '--static-connection-info', file, primary], {})).toEqual({
    code: 2,
    stdout: '',
    stderr: `error: --static-connection-info: ${file} is no JSON object\n  Write it anew.\n`,
  });
});
