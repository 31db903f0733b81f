import type { RivalCase } from '../case.ts';

export default {
  fault: '15 after a freeze the first dials use an expired certificate',
  rival: /terminated|ECONNRESET|expired/,
  certificateLifetimeMs: 3000,
  async run({ connector, name, login }) {
    const options = await connector.getOptions(name);
    // As a platform does that takes the processor away between requests.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4200);
    const client = await login(options);
    await client.end();
  },
} satisfies RivalCase as RivalCase;
