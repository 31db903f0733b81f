import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connector } from '@x/cloudsql-core';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';

const instance = 'shop:europe-west1:orders';
const folder = mkdtempSync(path.join(tmpdir(), 'reread-'));
const keyFile = path.join(folder, 'key.json');
let cloud: Emulator;

beforeAll(async () => {
  const principals = ['blue', 'green'].map((name) => ({ email: `${name}@shop.iam.gserviceaccount.com` }));
  cloud = await startEmulator({ principals, instances: [{ name: instance }] });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cloud.close();
});

it('reads a credentials file again when it has changed, and keeps what it has while the file is damaged', async () => {
  const [blue, green] = ['blue', 'green'].map((name) =>
    cloud.serviceAccountFile(`${name}@shop.iam.gserviceaccount.com`),
  );
  copyFileSync(blue!, keyFile);
  await using connector = new Connector({ credentials: { keyFile }, emulator: 'NEVER' });
  const user = (): Promise<string> => connector.databaseUser({ engine: 'POSTGRES', instance });
  expect(await user()).toBe('blue@shop.iam');
  writeFileSync(keyFile, readFileSync(green!, 'utf8').slice(0, 20));
  expect(await user()).toBe('blue@shop.iam');
  writeFileSync(keyFile, readFileSync(green!));
  expect(await user()).toBe('green@shop.iam');
  // As Kubernetes mounts secrets: a link that is turned to another file.
  unlinkSync(keyFile);
  expect(await user()).toBe('green@shop.iam');
  symlinkSync(blue!, keyFile);
  expect(await user()).toBe('blue@shop.iam');
});
