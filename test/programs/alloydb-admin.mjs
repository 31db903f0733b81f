// Asks for what a connector of AlloyDB needs, with Google's own client of the API, and prints the answers.
// Arguments: an instance, and the public key for a certificate.

import { v1, v1alpha, v1beta } from '@google-cloud/alloydb';

const [instance = '', publicKey = ''] = process.argv.slice(2);
const cluster = instance.split('/instances/')[0] ?? '';

/** @param {Promise<[object, ...unknown[]]>} call */
async function answer(call) {
  try {
    return (await call)[0];
  } catch (error) {
    const { code, details } = /** @type {{ code: number, details: string }} */ (error);
    return { code, details };
  }
}

const answers = [];
for (const { AlloyDBAdminClient } of [v1, v1alpha, v1beta]) {
  const client = new AlloyDBAdminClient();
  answers.push({
    info: await answer(client.getConnectionInfo({ parent: instance })),
    certificate: await answer(
      client.generateClientCertificate({
        ...{ parent: cluster, publicKey, certDuration: { seconds: 3600 }, useMetadataExchange: true },
      }),
    ),
    missing: await answer(client.getConnectionInfo({ parent: `${cluster}/instances/none` })),
    unknown: await answer(client.getCluster({ name: cluster })),
  });
  await client.close();
}
process.stdout.write(JSON.stringify(answers));
