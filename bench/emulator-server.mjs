// An emulator in a process of its own, as users install it: says when it is ready, and restores on demand, where it was
// forked. Its argument is the path of the package's build. JavaScript, because stripping types takes memory, too.

import { once } from 'node:events';

/** @type {typeof import('@x/cloudsql-emulator')} */
const { startEmulator } = await import(process.argv[2] ?? '');
const email = 'bench@demo-shop.iam.gserviceaccount.com';
const users = [{ email, databaseRoles: ['cloudsqlsuperuser'] }];
const orders = 'demo-shop:europe-west1:orders';
const echo = /** @type {const} */ ({ name: 'demo-shop:europe-west1:echo', backend: 'ECHO', users });
const cloud = await startEmulator({
  principals: [{ email }],
  instances: [{ name: orders, databases: ['orders'], users }, ...(process.argv[3] === 'ECHO' ? [echo] : [])],
});
// This clock starts with the process.
const ready = { readyMs: performance.now(), url: cloud.url, email };
if (process.send) process.send(ready);
else process.stdout.write(`${JSON.stringify(ready)}\n`);

while (process.send) {
  const [request] = await once(process, 'message');
  switch (request) {
    case 'restore': {
      const snapshot = await cloud.snapshot(orders);
      const times = [];
      for (let i = 0; i < 20; i++) {
        const before = performance.now();
        await cloud.restore(snapshot);
        times.push(performance.now() - before);
      }
      process.send(times);
      break;
    }
    default:
      await cloud.close();
      process.exit();
  }
}
