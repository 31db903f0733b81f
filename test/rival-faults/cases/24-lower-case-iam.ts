import type { RivalCase } from '../case.ts';

export default {
  fault: "24 authType: 'iam' is taken for a password login",
  rival: /password|authentication/i,
  async run({ connector, name, login, iamUser }) {
    const client = await login(await connector.getOptions({ ...name, authType: 'iam' }), { user: iamUser });
    await client.end();
  },
} satisfies RivalCase as RivalCase;
