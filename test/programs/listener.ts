// Listens as its argument says until it is killed, or exits by itself when it is told 'once'.
import { listen } from '@x/cloudsql-core/listener';

const [, , options = '{}', mode] = process.argv;
const listener = await listen(JSON.parse(options));
process.stdout.write(`${JSON.stringify({ url: listener.url, address: listener.address })}\n`);
if (mode !== 'once') listener.ref();
