// A program that starts an emulator and then waits to be killed, or leaves without closing it.
import { MYSQL_ORDERS } from './mysql-setup.ts';
import { ORDERS, startTestEmulator } from './setup.ts';

const [ending, engine, dataDir] = process.argv.slice(2);
const cloud = await startTestEmulator({
  ...(engine === 'MYSQL' ? { instances: [MYSQL_ORDERS] } : {}),
  ...(dataDir === undefined ? {} : { dataDir }),
});
process.stdout.write(`${JSON.stringify({ pid: process.pid, url: cloud.databaseUrl(ORDERS) })}\n`);
if (ending === 'exit') process.exit(0);
if (ending === 'throw') {
  setTimeout(() => {
    throw new Error('on purpose');
  }, 0);
}
