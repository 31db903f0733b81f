import { primary } from '../../alloydb-cloud.ts';
import { instance } from '../../cloud.ts';
import { type Case, cluster, patch } from './case.ts';
import { cloud } from './doctor-cloud.ts';

/** What the doctor finds about the instance: its state, its flags, its addresses. */
export const instanceCases: readonly Case[] = [
  {
    name: 'an instance that does not exist',
    args: ['demo-shop:europe-west1:nothing'],
    code: 16,
    step: 'instance',
    found: 'the project demo-shop has no instance nothing',
    mends: ['gcloud sql instances list --project=demo-shop'],
  },
  {
    name: 'an instance in another region',
    make: () => cloud.faults.metadata(instance, { region: 'us-east1' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance is not in the region europe-west1',
    mends: ["gcloud sql instances describe orders --project=demo-shop --format='value(connectionName)'"],
  },
  {
    name: 'an instance that was stopped',
    make: () => cloud.faults.metadata(instance, { activationPolicy: 'NEVER' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance is stopped',
    mends: [patch('--activation-policy=ALWAYS')],
  },
  {
    name: 'an instance under maintenance',
    make: () => cloud.faults.metadata(primary, { state: 'MAINTENANCE' }),
    args: [primary],
    code: 16,
    step: 'instance',
    found: 'the instance is in the state MAINTENANCE',
  },
  {
    name: 'an instance that takes no IAM logins',
    make: () => cloud.faults.metadata(instance, { iamAuthentication: 'off' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance takes no IAM logins',
    evidence: 'its flag cloudsql.iam_authentication is off',
    mends: [patch('--database-flags=cloudsql.iam_authentication=on')],
  },
  {
    name: 'an AlloyDB instance that takes no IAM logins',
    make: () => cloud.faults.metadata(primary, { iamAuthentication: 'off' }),
    args: [primary],
    code: 16,
    step: 'instance',
    found: 'the instance takes no IAM logins',
    mends: [`gcloud alloydb instances update primary ${cluster} --database-flags=alloydb.iam_authentication=on`],
  },
  {
    name: 'an instance without a public address',
    make: () => cloud.faults.metadata(instance, { withoutAddresses: ['PRIMARY'] }),
    args: [instance],
    code: 17,
    step: 'addresses',
    found: 'the instance has no address of the type PUBLIC; it has PRIVATE, PSC',
    mends: [patch('--assign-ip')],
  },
  {
    name: 'an AlloyDB instance without a public address',
    make: () => cloud.faults.metadata(primary, { withoutAddresses: ['PRIMARY'] }),
    args: [primary, '--public-ip'],
    code: 17,
    step: 'addresses',
    found: 'the instance has no address of the type PUBLIC; it has PRIVATE',
    mends: [`gcloud alloydb instances update primary ${cluster} --assign-inbound-public-ip=ASSIGN_IPV4`],
  },
];
