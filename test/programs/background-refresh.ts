// Has a certificate that is soon to be renewed, and nothing to do: it has to end although the API that is being asked for
// the next one does not answer. Tells when it has the first one.

import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from '@x/cloudsql-core';

const [instance = '', lifeMs = ''] = process.argv.slice(2);
await new Connector().warmup({ instance });
process.stdout.write('warm\n');
await delay(Number(lifeMs) * 0.75);
