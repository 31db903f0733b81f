// Dials a DNS name, with a watch on it, and forgets about it without closing anything.
import dns from 'node:dns';
import { Connector } from '@x/cloudsql-core';

dns.setServers([process.env.DNS_SERVER ?? '']);
const connector = new Connector({ failoverPeriodMs: 100 });
const socket = await connector.connect({ instance: 'orders.shop.example' });
process.stdout.write('connected\n');
setTimeout(() => socket.destroy(), 500);
