import { describe, expect, it } from 'vitest';
import { parseInstance } from '../src/instance/instance.ts';

describe('an instance connection name', () => {
  it('is read into its parts', () => {
    expect(parseInstance('shop:europe-west1:orders')).toEqual({
      project: 'shop',
      region: 'europe-west1',
      name: 'orders',
      id: 'shop:europe-west1:orders',
    });
  });

  it('may have a project within a domain', () => {
    expect(parseInstance('example.com:shop:europe-west1:orders')).toMatchObject({
      project: 'example.com:shop',
      name: 'orders',
    });
  });

  it.each([
    ['p:i', 'region is missing'],
    [' p:r:i', 'white space'],
    ['p:r:i\n', 'white space'],
    ['P:r:i', 'lower case: "p:r:i"'],
    ['a:b:c:d:e', 'project:region:instance'],
    ['::p:r:i', 'project:region:instance'],
    ['p:r:', 'project:region:instance'],
    ['p::i', 'project:region:instance'],
    ['p:r:i extra', 'project:region:instance'],
    ['https://x:1:2', 'project:region:instance'],
    ['127.0.0.1:3307:x', 'project:region:instance'],
    ['projects/p/locations/r/clusters/c/instances/i', 'AlloyDB'],
    ['orders.example.com', 'DNS names'],
  ])('%j is refused with what to do', (name, remedy) => {
    expect(() => parseInstance(name)).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_INVALID_INSTANCE_NAME', message: expect.stringContaining(remedy) }),
    );
  });

  it.each([undefined, null, ''])('is asked for when it is %j', (name) => {
    expect(() => parseInstance(name)).toThrow(expect.objectContaining({ code: 'CLOUDSQL_MISSING_OPTION' }));
  });

  it('is not printed when it is not a string, because it may be a secret', () => {
    expect(() => parseInstance({ password: 'hunter2' })).toThrow(/got object/);
    expect(() => parseInstance({ password: 'hunter2' })).not.toThrow(/hunter2/);
  });
});
