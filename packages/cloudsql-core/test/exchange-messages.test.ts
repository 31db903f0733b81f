import { describe, expect, it } from 'vitest';
import { decodeExchangeResponse, encodeExchangeRequest } from '../src/dial/exchange-messages.ts';
import { decodeRequest, responseFrame } from './exchange-codec.ts';

const golden = {
  userAgent: 'alloydb-go-connector/1.18.4',
  authType: 'AUTO_IAM',
  token: 'tok',
} as const;

describe('a request', () => {
  it("has the bytes of Google's connector for Go", () => {
    const agent = Buffer.from(golden.userAgent).toString('hex');
    expect(encodeExchangeRequest(golden).toString('hex')).toBe(`0a1b${agent}10021a03746f6b`);
    expect(encodeExchangeRequest(golden)).toHaveLength(0x24);
  });

  it.each([
    ['short', golden],
    ['for a password', { ...golden, authType: 'DB_NATIVE' }],
    ['with a token of 127 bytes', { ...golden, token: 'x'.repeat(127) }],
    ['with a token of 128 bytes', { ...golden, token: 'x'.repeat(128) }],
    ['with a token of 16,384 bytes', { ...golden, token: 'x'.repeat(16_384) }],
    ['in many languages', { ...golden, userAgent: 'größe/数' }],
    ['with nothing in it', { ...golden, userAgent: '', token: '' }],
  ] as const)('%s is read alike by the library for protobuf', (_, request) => {
    expect(decodeRequest(encodeExchangeRequest(request))).toEqual({
      userAgent: request.userAgent,
      authType: request.authType,
      oauth2Token: request.token,
    });
  });
});

describe('a response', () => {
  it("has the bytes of Google's connector for Go", () => {
    expect(responseFrame({ responseCode: 1 }).toString('hex')).toBe('000000020801');
    expect(decodeExchangeResponse(Buffer.from('0801', 'hex'))).toEqual({ code: 1, error: '' });
  });

  it.each([
    [{ responseCode: 1 }, { code: 1, error: '' }],
    [
      { responseCode: 2, error: 'no' },
      { code: 2, error: 'no' },
    ],
    [
      { responseCode: 2, error: 'ü'.repeat(5000) },
      { code: 2, error: 'ü'.repeat(5000) },
    ],
    [{ error: 'no code' }, { code: 0, error: 'no code' }],
    [{ responseCode: 300 }, { code: 300, error: '' }],
    [{}, { code: 0, error: '' }],
  ])('%# is read as the library for protobuf wrote it', (response, expected) => {
    expect(decodeExchangeResponse(responseFrame(response).subarray(4))).toEqual(expected);
  });

  it('may have fields that are not known yet, of every type', () => {
    const unknown = '18ac02' + '210000000000000000' + '2a03616263' + '3500000000';
    expect(decodeExchangeResponse(Buffer.from(`${unknown}0801${unknown}`, 'hex'))).toEqual({ code: 1, error: '' });
  });

  it('may say a thing twice: the last one counts', () => {
    expect(decodeExchangeResponse(Buffer.from('08020801', 'hex'))).toMatchObject({ code: 1 });
  });

  it.each([
    ['08', 'ends in the middle'],
    ['1205616263', 'ends in the middle'],
    ['12', 'ends in the middle'],
    ['12ffffffffffffffff7f', 'ends in the middle'],
    [`08${'ff'.repeat(10)}01`, 'does not end'],
    ['0b', 'unknown type 3'],
    ['3500', 'ends in the middle'],
  ])('%s is none', (hex, why) => {
    expect(() => decodeExchangeResponse(Buffer.from(hex, 'hex'))).toThrow(why);
  });
});
