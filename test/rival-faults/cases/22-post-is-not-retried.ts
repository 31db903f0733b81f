import type { RivalCase } from '../case.ts';

export default {
  fault: '22 a certificate call that fails with 503 once is not retried',
  rival: /503/,
  async run({ cloud, connector, name }) {
    await cloud.api('generateEphemeralCert', { status: [503] });
    await connector.getOptions(name);
  },
} satisfies RivalCase as RivalCase;
