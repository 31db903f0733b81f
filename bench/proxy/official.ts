import { AuthTypes, Connector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';

// The local proxy of Google's connector for Node: `node official.ts <instance> <socket> <address of the API>`.

const [instance = '', path = '', adminApi = ''] = process.argv.slice(2);
const connector = new Connector({ sqlAdminAPIEndpoint: adminApi });
await connector.startLocalProxy({
  instanceConnectionName: instance,
  authType: AuthTypes.IAM,
  ipType: IpAddressTypes.PUBLIC,
  listenOptions: { path },
});
process.send!('ready');
process.on('disconnect', () => process.exit());
