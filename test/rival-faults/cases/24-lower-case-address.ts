import type { RivalCase } from '../case.ts';

export default {
  fault: "24 ipType: 'private' is taken for no type at all",
  rival: /no supported IP addresses/,
  async run({ connector, name, login }) {
    const client = await login(await connector.getOptions({ ...name, ipType: 'private' }));
    await client.end();
  },
} satisfies RivalCase as RivalCase;
