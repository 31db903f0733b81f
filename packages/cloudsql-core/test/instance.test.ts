import { describe, expect, it } from 'vitest';
import { parseName } from '../src/instance/instance.ts';

describe('an instance connection name', () => {
  it('is read into its parts', () => {
    expect(parseName('shop:europe-west1:orders')).toEqual({
      service: 'cloud-sql',
      project: 'shop',
      region: 'europe-west1',
      name: 'orders',
      id: 'shop:europe-west1:orders',
    });
  });

  it('may have a project within a domain', () => {
    expect(parseName('example.com:shop:europe-west1:orders')).toMatchObject({
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
    ['orders..example.com', 'no DNS name looks like that'],
    ['-orders.example.com', 'no DNS name looks like that'],
    ['orders.example.com/', 'no DNS name looks like that'],
    ['Orders.Example.com', 'lower case: "orders.example.com"'],
    ['orders.example.com:5432', 'region is missing'],
    ['127.0.0.1', 'no DNS name looks like that'],
    [`${'a'.repeat(64)}.example.com`, 'no DNS name looks like that'],
    [`${'abcdefghi.'.repeat(26)}com`, 'no DNS name looks like that'],
    ['orders', 'project:region:instance'],
  ])('%j is refused with what to do', (name, remedy) => {
    expect(() => parseName(name)).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_INVALID_INSTANCE_NAME', message: expect.stringContaining(remedy) }),
    );
  });

  it.each([
    ['projects/shop/locations/europe-west1/clusters/main/instances/primary', 'shop', 'main', 'primary'],
    ['projects/example.com:shop/locations/europe-west1/clusters/c-1/instances/i-2', 'example.com:shop', 'c-1', 'i-2'],
    ['projects/123456/locations/europe-west1/clusters/c/instances/i', '123456', 'c', 'i'],
  ])('%s is one of AlloyDB', (id, project, cluster, name) => {
    expect(parseName(id)).toEqual({ service: 'alloydb', project, region: 'europe-west1', cluster, name, id });
  });

  it.each([
    ['prod-db.mycompany.example.com', 'prod-db.mycompany.example.com'],
    ['_a._b.example.com', '_a._b.example.com'],
    ['orders.example.com.', 'orders.example.com'],
    ['0a1b.2c3d.europe-west1.sql-psc.goog', '0a1b.2c3d.europe-west1.sql-psc.goog'],
  ])('%s is a DNS name', (given, id) => {
    expect(parseName(given)).toEqual({ service: undefined, id });
  });

  const primary = 'projects/p/locations/r/clusters/c/instances/i';

  it.each([
    [` ${primary}`, 'Remove the white space'],
    [`${primary}\n`, 'Remove the white space'],
    ['Projects/P/locations/R/clusters/C/instances/I', `lower case: "${primary}"`],
    [`https://alloydb.googleapis.com/v1/${primary}`, `Leave out what stands around it: "${primary}"`],
    [`//alloydb.googleapis.com/${primary}`, `Leave out what stands around it: "${primary}"`],
    [`/${primary}`, `Leave out what stands around it: "${primary}"`],
    [`${primary}/connectionInfo`, `Leave out what stands around it: "${primary}"`],
    [`${primary}/`, `Leave out what stands around it: "${primary}"`],
    [`${primary}:x`, `Leave out what stands around it: "${primary}"`],
    ['projects/p/locations/r/clusters/c', 'The instance is missing'],
    ['projects/a/b/locations/r/clusters/c/instances/i', 'The form is projects/PROJECT/locations'],
    ['projects//locations/r/clusters/c/instances/i', 'The form is projects/PROJECT/locations'],
    ['projects/p/locations/r/clusters/c d/instances/i', 'The form is projects/PROJECT/locations'],
    ['projects/p/locations/r/clusters//instances/i', 'The form is projects/PROJECT/locations'],
    ['projects/p/locations/r/clusters/c/instances/', 'The form is projects/PROJECT/locations'],
    ['projects/p/instances/i', 'The form is projects/PROJECT/locations'],
    ['p/r/clusters/c', 'The instance is missing'],
  ])('%j is refused as one of AlloyDB, with what to do', (name, remedy) => {
    expect(() => parseName(name)).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_INVALID_INSTANCE_NAME', message: expect.stringContaining(remedy) }),
    );
  });

  it.each([undefined, null, ''])('is asked for when it is %j', (name) => {
    expect(() => parseName(name)).toThrow(expect.objectContaining({ code: 'CLOUDSQL_MISSING_OPTION' }));
  });

  it('is not printed when it is not a string, because it may be a secret', () => {
    expect(() => parseName({ password: 'hunter2' })).toThrow(/got object/);
    expect(() => parseName({ password: 'hunter2' })).not.toThrow(/hunter2/);
  });
});
