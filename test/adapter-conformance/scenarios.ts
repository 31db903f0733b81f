import type { Scenario } from './scenario.ts';
import { privateAddress, psc, publicAddress } from './scenarios/addresses.ts';
import { certificateExpiry } from './scenarios/certificate-expiry.ts';
import { closedDuringDial, refused, slowDial } from './scenarios/dials.ts';
import { failover } from './scenarios/failover.ts';
import { idleKilled, queryKilled } from './scenarios/kills.ts';
import { leaveNothing } from './scenarios/leave-nothing.ts';
import { iamDiscovered, manualIam, password, wrongUser } from './scenarios/logins.ts';
import { parallelWrites } from './scenarios/parallel-writes.ts';
import { schema } from './scenarios/schema.ts';
import { stream } from './scenarios/stream.ts';
import { commit, rollback, savepoint } from './scenarios/transactions.ts';
import { arrays, bigints, bytes, json, timestamps } from './scenarios/values.ts';

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...[schema, parallelWrites, commit, rollback, savepoint, stream],
  ...[bytes, json, bigints, timestamps, arrays],
  ...[idleKilled, queryKilled, refused, slowDial, closedDuringDial, certificateExpiry, failover],
  ...[iamDiscovered, manualIam, password, wrongUser],
  ...[publicAddress, privateAddress, psc, leaveNothing],
];
