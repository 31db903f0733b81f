import { expect, it } from 'vitest';
import { ScramClient, ScramServer } from '../src/postgres/scram.ts';

/** One exchange; `twist` may alter the client's last message. */
async function exchange(
  secret: string,
  password: string,
  twist = (message: string) => message,
): Promise<[final: string | undefined, verified: boolean]> {
  const [server, client] = [new ScramServer(secret), new ScramClient()];
  const begun = server.begin(client.start());
  const answer = await client.answer(begun?.message ?? '', password);
  const final = await begun?.finish(twist(answer ?? ''));
  return [final, client.verify(final ?? '')];
}

it('convinces both sides when they know the same password', async () => {
  expect(await exchange('correct horse', 'correct horse')).toEqual([expect.stringMatching(/^v=[\w+/]{43}=$/), true]);
});

it('convinces neither when they do not', async () => {
  expect(await exchange('correct horse', 'battery staple')).toEqual([undefined, false]);
});

it.each<[string, (message: string) => string]>([
  ['another nonce', (message) => message.replace('r=', 'r=x')],
  ['another channel', (message) => message.replace('c=biws', 'c=eSws')],
  ['no proof', (message) => message.replace(/,p=.*/, '')],
  ['half a proof', (message) => message.slice(0, -10)],
  ['nothing', () => ''],
])('refuses %s', async (_, twist) => {
  expect(await exchange('secret', 'secret', twist)).toEqual([undefined, false]);
});

it.each(['', 'n,,', 'n=,r=x', 'p=tls-server-end-point,,n=,r=x', 'n,,n='])('begins nothing with %j', (message) => {
  expect(new ScramServer('secret').begin(message)).toBeUndefined();
});

it('answers no server that has not heard it, or that would keep it busy', async () => {
  const client = new ScramClient();
  const nonce = client.start().replace('n,,n=,r=', '');
  expect(await client.answer(`r=other,s=c2FsdA==,i=4096`, 'x')).toBeUndefined();
  expect(await client.answer(`r=${nonce}y,s=c2FsdA==,i=9999999999`, 'x')).toBeUndefined();
  expect(await client.answer(`r=${nonce}y,i=1`, 'x')).toBeUndefined();
  expect(client.verify('v=AAAA')).toBe(false);
});
