import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../src/index.ts';
import { ORDERS } from './setup.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const yaml = `
# A comment.
port: 9010
dataDir: ./data
principals:
  - email: ada@example.com
instances:
  - name: ${ORDERS}
    databases: [orders]
    addresses: { PRIVATE: null }
    users:
      - email: ada@example.com
        databaseRoles: [cloudsqlsuperuser]
`;
const options = {
  port: 9010,
  dataDir: './data',
  principals: [{ email: 'ada@example.com' }],
  instances: [
    {
      name: ORDERS,
      databases: ['orders'],
      addresses: { PRIVATE: null },
      users: [{ email: 'ada@example.com', databaseRoles: ['cloudsqlsuperuser'] }],
    },
  ],
};

test('YAML and JSON say the same, and paths start from the folder of the file', async () => {
  const expected = { ...options, dataDir: join(folder, 'data') };
  expect(await readConfig(write('emulator.yaml', yaml))).toEqual(expected);
  expect(await readConfig(write('emulator.json', JSON.stringify(options)))).toEqual(expected);
  expect(await readConfig(write('empty.yml', '# nothing\n'))).toEqual({});
});

test.each([
  ['a misspelt key', 'instnaces: []', "options: unknown key 'instnaces'; did you mean 'instances'?"],
  ['a misspelt key inside', `instances: [{ name: '${ORDERS}', usres: [] }]`, "instances[0]: unknown key 'usres'; did"],
  ['a wrong type', 'port: "9010"', "port: must be a port number from 0 to 65535, got '9010'."],
  ['a list', '- 1', 'options: must be an object, got an array.'],
  ['a wrong address', 'host: 0.0.0.0', 'host: must be a loopback address (127.x.y.z or ::1) unless exposeToNetwork is'],
])('%s is an error that names the file', async (_name, text, message) => {
  const path = write('bad.yaml', text);
  const failure = readConfig(path);
  await expect(failure).rejects.toThrow(`${path}: ${message}`);
  await expect(failure).rejects.toMatchObject({ name: 'EmulatorError', code: 'INVALID_OPTION' });
});

test.each([
  ['yaml', 'port: [1', /bad\.yaml: .*line 1/],
  ['yaml', 'port: 1\nport: 2', /bad\.yaml: Map keys must be unique/],
  ['json', '{"port": 1', /bad\.json: /],
  ['json', '', /bad\.json: /],
])('broken %s is an error that says where', async (type, text, message) => {
  const failure = readConfig(write(`bad.${type}`, text));
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
});

test('a file that is not there is an error', async () => {
  await expect(readConfig(join(folder, 'none.yaml'))).rejects.toMatchObject({
    code: 'CONFIG_UNREADABLE',
    message: expect.stringContaining('ENOENT'),
  });
});
