// A program that starts an emulator and then waits to be killed, or leaves without closing it.
import { ORDERS, startTestEmulator } from './setup.ts';

const cloud = await startTestEmulator();
process.stdout.write(`${JSON.stringify({ pid: process.pid, url: cloud.databaseUrl(ORDERS) })}\n`);
if (process.argv[2] === 'exit') process.exit(0);
