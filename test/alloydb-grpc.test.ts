import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { primary, startAlloyDb } from './alloydb-cloud.ts';
import { run } from './child.ts';
import { app } from './cloud.ts';

// Google's own client of the AlloyDB API, unchanged: as its connectors for Python and Java, it speaks gRPC. It runs in a
// process of its own, because Node.js reads the variables that capture it at the start.

const { publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const program = new URL('programs/alloydb-admin.mjs', import.meta.url).pathname;

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startAlloyDb();
});

afterAll(() => cloud.close());

test("a captured client of Google's gets by gRPC what a connector needs", async () => {
  const env = { ...process.env, ...cloud.googleEnv(app, { intercept: true }), NODE_NO_WARNINGS: '1' };
  const { code, output } = await run(process.execPath, [program, primary, publicKey], { env });
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\[/) });
  const answers = JSON.parse(output) as {
    certificate: { pemCertificateChain: string[]; caCert: string };
  }[];
  const { addresses } = cloud.instances[0]!;
  for (const answer of answers) {
    expect(answer).toMatchObject({
      info: {
        name: `${primary}/connectionInfo`,
        ipAddress: addresses.PRIVATE,
        publicIpAddress: addresses.PUBLIC,
      },
      missing: { code: 5, details: `Resource '${primary.replace('primary', 'none')}' was not found` },
      unknown: { code: 12, details: 'The GRPC target is not implemented on the server.' },
    });
    const { pemCertificateChain, caCert } = answer.certificate;
    const [leaf, ...issuers] = pemCertificateChain.map((pem) => new X509Certificate(pem));
    expect(leaf!.checkIssued(issuers[0]!)).toBe(true);
    const lifeMs = Date.parse(leaf!.validTo) - Date.parse(leaf!.validFrom);
    expect(lifeMs).toBeGreaterThanOrEqual(3_600_000);
    expect(new X509Certificate(caCert).ca).toBe(true);
  }
  expect(answers).toHaveLength(3);
  expect(cloud.statistics().calls).toMatchObject({ connectionInfo: 6, generateClientCertificate: 3, unknown: 3 });
  expect(cloud.calls.find(({ method }) => method === 'connectionInfo')).toMatchObject({ status: 200 });
});
