import dns from 'node:dns';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { primary, replica } from './alloydb-cloud.ts';
import { staticInfo } from './alloydb-static-info.ts';
import { app, setEnv } from './cloud.ts';

const name = 'orders.shop.example';
const servers = dns.getServers();

let cloud: Emulator;

beforeAll(async () => {
  const users = [{ email: app }];
  cloud = await startEmulator({
    principals: [{ email: app }],
    instances: [
      { name: primary, users, pscEnabled: true },
      { name: replica, users },
    ],
  });
  setEnv(cloud.env);
  dns.setServers([cloud.dns.server]);
});

afterEach(() => cloud.resetStatistics());

afterAll(async () => {
  dns.setServers(servers);
  await cloud.close();
});

/** Dials, and returns what the server knows of that. */
async function dialled(instance: string, options: ConnectorOptions & { ipType?: string } = {}) {
  const { ipType = 'PRIVATE', ...connectorOptions } = options;
  await using connector = new Connector(connectorOptions);
  const { length } = cloud.connections;
  const socket = await connector.connect({ instance, ipType });
  await expect.poll(() => cloud.connections.length).toBeGreaterThan(length);
  socket.destroy();
  return cloud.connections.at(-1)!;
}

describe('an AlloyDB instance is reached', () => {
  it('through its PSC endpoint, whose certificate has to bear its name', async () => {
    expect(await dialled(primary, { ipType: 'PSC' })).toMatchObject({ instance: primary, ipType: 'PSC' });
    await cloud.faults.server(primary, { serverNames: ['other.example'] });
    await expect(dialled(primary, { ipType: 'PSC' })).rejects.toMatchObject({ code: 'CLOUDSQL_SERVER_IDENTITY' });
    await cloud.faults.clear();
  });

  it('by a DNS name, which may move within the project', async () => {
    await using connector = new Connector({ failoverPeriodMs: 0 });
    const led = async (): Promise<string> => {
      const { length } = cloud.connections;
      const socket = await connector.connect({ instance: name });
      await expect.poll(() => cloud.connections.length).toBeGreaterThan(length);
      socket.destroy();
      return cloud.connections.at(-1)!.instance;
    };
    cloud.dns.set(name, { TXT: primary });
    expect(await led()).toBe(primary);
    expect(await connector.loginToken({ instance: name })).toMatchObject({ token: expect.any(String) });
    cloud.dns.set(name, { TXT: replica });
    await expect.poll(led, { timeout: 10_000 }).toBe(replica);
  });
});

describe('a certificate of AlloyDB', () => {
  it.each([
    [undefined, 1],
    [24 * 3_600_000, 24],
  ])('lives as long as was asked for: %s', async (alloyDbCertificateMs, hours) => {
    const { certificateExpires } = await dialled(primary, alloyDbCertificateMs ? { alloyDbCertificateMs } : {});
    expect(Math.round((certificateExpires.getTime() - Date.now()) / 360_000) / 10).toBe(hours);
  });

  it.each([0, 3_599_000, 86_401_000, 3_600_500, '3600s'])(
    'cannot be asked for a life of %s',
    (alloyDbCertificateMs) => {
      expect(() => new Connector({ alloyDbCertificateMs: alloyDbCertificateMs as number })).toThrow(
        expect.objectContaining({ code: 'CLOUDSQL_INVALID_OPTION' }),
      );
    },
  );
});

describe('static connection info', () => {
  async function document(ofInstance: object = {}): Promise<object> {
    const { localAddress: ipAddress } = await dialled(primary);
    const info = await staticInfo(cloud, primary, { ipAddress, ...ofInstance });
    cloud.resetStatistics();
    return info;
  }

  it.each([
    ['an object', (info: object) => info],
    ['JSON', (info: object) => JSON.stringify(info)],
  ])('as %s is used in place of the API', async (_, form) => {
    const info = form(await document());
    expect(await dialled(primary, { alloyDbStaticInfo: info })).toMatchObject({ instance: primary, principal: app });
    const { connectionInfo, generateClientCertificate } = cloud.statistics().calls;
    expect([connectionInfo, generateClientCertificate]).toEqual([undefined, undefined]);
  });

  it('knows several instances, and no others', async () => {
    const info = { ...(await document()), [replica]: {} };
    const options = { alloyDbStaticInfo: info };
    await expect(dialled(replica, options)).rejects.toMatchObject({
      code: 'CLOUDSQL_INVALID_OPTION',
      instance: replica,
      message: expect.stringContaining('`alloyDbStaticInfo` does not hold the instance'),
    });
    expect((await dialled(primary, options)).instance).toBe(primary);
  });

  it('has the addresses that it names', async () => {
    const options = { alloyDbStaticInfo: await document(), ipType: 'PUBLIC' };
    await expect(dialled(primary, options)).rejects.toMatchObject({ code: 'CLOUDSQL_NO_ADDRESS' });
  });

  it('is not used when its certificate has expired', async () => {
    cloud.certificateLifetimeMs = 1000;
    const info = await document();
    cloud.certificateLifetimeMs = 3_600_000;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await expect(dialled(primary, { alloyDbStaticInfo: info })).rejects.toMatchObject({
      code: 'CLOUDSQL_INVALID_OPTION',
      message: expect.stringContaining('The certificate in `alloyDbStaticInfo` has expired'),
    });
  });

  it.each(['not json', '[]', 5, null])('cannot be %j', (alloyDbStaticInfo) => {
    expect(() => new Connector({ alloyDbStaticInfo } as ConnectorOptions)).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_INVALID_OPTION' }),
    );
  });

  it('with damaged certificates is an error that says so', async () => {
    const options = { alloyDbStaticInfo: await document({ caCert: 'x' }) };
    await expect(dialled(primary, options)).rejects.toMatchObject({ instance: primary });
  });
});
