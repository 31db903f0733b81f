import type { RivalCase } from '../case.ts';

export default {
  fault: '11 a process never exits without close()',
  rival: /HUNG/,
  endsByItself: true,
  async run({ connector, name, login }) {
    const client = await login(await connector.getOptions(name));
    await client.end();
  },
} satisfies RivalCase as RivalCase;
