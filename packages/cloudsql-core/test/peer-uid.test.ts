import { expect, it } from 'vitest';
import { procAddress } from '../src/listener/peer-uid.ts';

// As /proc/net/tcp and /proc/net/tcp6 of a little-endian machine have them.
it.each([
  ['127.0.0.1', 5432, '0100007F:1538'],
  ['10.1.2.3', 80, '0302010A:0050'],
  ['::1', 5432, '00000000000000000000000001000000:1538'],
  ['fe80::1:2%eth0', 1, '000080FE000000000000000002000100:0001'],
  ['2001:db8:1:2:3:4:5:6', 65_535, 'B80D0120020001000400030006000500:FFFF'],
])('spells %s %d as the kernel does', (address, port, spelled) => {
  expect(procAddress(address, port)).toBe(spelled);
});
