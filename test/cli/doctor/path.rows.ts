import { expect } from 'vitest';
import { primary } from '../../alloydb-cloud.ts';
import { app, instance } from '../../cloud.ts';
import type { Case } from './case.ts';
import { abroad, cloud, nobody, real, tokenOf, unaware, withoutEmulator } from './doctor-cloud.ts';

/** What the doctor finds on the way to the instance: DNS, egress, TLS, identity, the exchange. */
export const pathCases: readonly Case[] = [
  {
    name: 'a name that nobody knows here',
    args: [instance, '--psc', '--timeout', '3'],
    code: 18,
    step: 'dns',
    found: /sql-psc\.goog has no address here$/,
  },
  {
    name: 'a port that is closed',
    make: () => cloud.faults.connections(instance, 'REFUSED'),
    args: [instance],
    code: 19,
    step: 'egress',
    found: /^127\.[\d.]+:3307 cannot be reached from here$/,
    evidence: 'connect ECONNREFUSED',
    mends: [
      expect.stringMatching(
        /^gcloud compute firewall-rules create allow-cloudsql .* --rules=tcp:3307 --destination-ranges=127\.[\d.]+\/32$/,
      ) as string,
    ],
  },
  {
    name: 'a port of AlloyDB that is closed',
    make: () => cloud.faults.connections(primary, 'REFUSED'),
    args: [primary],
    code: 19,
    step: 'egress',
    found: /^127\.[\d.]+:5433 cannot be reached from here$/,
  },
  {
    name: 'an old version of TLS',
    make: () => cloud.faults.server(instance, { tlsVersion: 'TLSv1.2' }),
    args: [instance],
    code: 20,
    step: 'tls',
    found: 'what answers at port 3307 does not speak TLS 1.3 as the instance does',
    evidence: 'CLOUDSQL_TLS_FAILED',
  },
  {
    name: 'a server that says nothing',
    make: () => cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE'),
    args: [instance, '--timeout', '1'],
    code: 20,
    step: 'tls',
    found: /^Waited 1000 ms for 127\.[\d.]+:3307 to answer/,
  },
  {
    name: 'a server that hangs up on the certificate',
    make: () => cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE'),
    args: [instance],
    code: 20,
    step: 'tls',
    found: 'the instance hung up after the TLS handshake: it refuses the certificate',
  },
  {
    name: 'another server',
    make: () => cloud.faults.server(real, { commonName: 'my-project:other' }),
    args: [real],
    code: 21,
    step: 'identity',
    found: 'what answers is not the instance',
    evidence: 'CLOUDSQL_SERVER_IDENTITY',
  },
  {
    name: 'a server certificate that has expired',
    make: () => cloud.faults.server(primary, { expired: true }),
    args: [primary],
    code: 21,
    step: 'identity',
    found: 'what answers is not the instance',
    evidence: 'certificate has expired',
  },
  {
    name: 'a metadata exchange that is not answered',
    make: () => cloud.faults.connections(primary, 'SILENT_AFTER_HANDSHAKE'),
    args: [primary, '--timeout', '1'],
    code: 22,
    step: 'exchange',
    found: /^Waited 1000 ms for the metadata exchange with/,
  },
  {
    name: 'a login token that AlloyDB does not let in',
    args: async () => {
      const scope = 'https://www.googleapis.com/auth/cloud-platform';
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: app, scope });
      const answer = await fetch(`${cloud.url}/token`, { method: 'POST', body: form });
      const { access_token } = (await answer.json()) as { access_token: string };
      return [abroad, ...unaware('--token', access_token, '--login-token', await tokenOf(nobody, primary))];
    },
    env: () => withoutEmulator,
    code: 22,
    step: 'exchange',
    found: 'the instance does not let the principal in',
    evidence: "Permission 'alloydb.instances.connect' denied",
    mends: [
      'gcloud projects add-iam-policy-binding my-project --member=user:EMAIL --role=roles/alloydb.client',
      'gcloud projects add-iam-policy-binding my-project --member=user:EMAIL --role=roles/serviceusage.serviceUsageConsumer',
    ],
  },
];
