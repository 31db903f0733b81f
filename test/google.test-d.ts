import * as google from '@google-cloud/cloud-sql-connector';
import * as ours from '@x/cloudsql-core/google';
import { GoogleAuth } from 'google-auth-library';
import pg from 'pg';
import { it } from 'vitest';

const instanceConnectionName = 'p:r:i';

it('takes literals and values from the environment, which the connector of Google does not', async () => {
  const connector = new ours.Connector({ auth: new GoogleAuth() });
  await connector.getOptions({ instanceConnectionName, authType: 'IAM', ipType: 'PRIVATE' });
  await connector.getOptions({ instanceConnectionName, ipType: process.env.IP_TYPE });
  const rival = new google.Connector();
  // @ts-expect-error literals are no members of an enum
  await rival.getOptions({ instanceConnectionName, authType: 'IAM' });
  // @ts-expect-error neither are strings
  await rival.getOptions({ instanceConnectionName, ipType: process.env.IP_TYPE });
});

it('takes what is written for the connector of Google', async () => {
  const connector = new ours.Connector({ sqlAdminAPIEndpoint: 'https://example.com', userAgent: 'shop' });
  const options = await connector.getOptions({
    instanceConnectionName,
    authType: ours.AuthTypes.IAM,
    ipType: ours.IpAddressTypes.PSC,
    limitRateInterval: 1000,
  });
  new pg.Pool({ ...options, user: 'app', max: 5 });
  const { encrypt, connector: open } = await connector.getTediousOptions({ instanceConnectionName });
  (await open()).end(String(encrypt));
  const closed: PromiseLike<void> = connector.close();
  await closed;
});
