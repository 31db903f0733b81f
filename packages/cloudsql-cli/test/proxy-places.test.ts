import { parseInstance } from '@x/cloudsql-core';
import { describe, expect, it } from 'vitest';
import { type EngineName, Ports } from '../src/proxy/serve/serve-instance.ts';
import { socketPath } from '../src/proxy/serve/socket-path.ts';

describe('ports', () => {
  const engines: readonly EngineName[] = ['POSTGRES', 'POSTGRES', 'MYSQL', 'MYSQL', 'SQLSERVER', 'SQLSERVER'];

  it('are those of the engine, each with a count of its own', () => {
    const ports = new Ports(undefined);
    expect(engines.map((engine) => ports.next(engine))).toEqual([5432, 5433, 3306, 3307, 1433, 1434]);
  });

  it('are counted from the first, whatever the engine', () => {
    const ports = new Ports(6000);
    expect(engines.map((engine) => ports.next(engine))).toEqual([6000, 6001, 6002, 6003, 6004, 6005]);
  });
});

describe('sockets in a folder', () => {
  it.each([
    ['p:r:i', 'POSTGRES', '/s/p:r:i/.s.PGSQL.5432'],
    ['p:r:i', 'MYSQL', '/s/p:r:i'],
    ['example.com:p:r:i', 'SQLSERVER', '/s/example.com:p:r:i'],
    ['projects/p/locations/r/clusters/c/instances/i', 'POSTGRES', '/s/p.r.c.i/.s.PGSQL.5432'],
    ['projects/example.com:p/locations/r/clusters/c/instances/i', 'POSTGRES', '/s/example.com_p.r.c.i/.s.PGSQL.5432'],
  ] as const)('are named as Google’s proxies name them: %s with %s', (name, engine, path) => {
    expect(socketPath('/s', parseInstance(name), engine)).toBe(path);
  });
});
