import { run } from './orders.ts';

// The variables of Google's own samples. Credentials are Application Default Credentials.
const { INSTANCE_CONNECTION_NAME, DB_NAME, DB_IAM_USER, PRIVATE_IP } = process.env;

const outcome = await run({
  instance: INSTANCE_CONNECTION_NAME ?? '',
  database: DB_NAME || 'orders',
  user: DB_IAM_USER || undefined,
  ipType: PRIVATE_IP ? 'PRIVATE' : 'PUBLIC',
});
console.log(outcome);
