import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setEnv } from './cloud.ts';

// The only thing that core has google-auth-library do: so with the oldest, the middle and the newest of its versions.

const versions = {
  'google-auth-library-9': () => import('google-auth-library-9'),
  'google-auth-library-10': () => import('google-auth-library-10'),
  'google-auth-library': () => vi.importActual('google-auth-library'),
};

afterEach(() => {
  vi.doUnmock('google-auth-library');
  vi.unstubAllEnvs();
});

describe.each(Object.entries(versions))('with %s', (_, load) => {
  it('AWS says who this is, and Google is asked for a narrow token', async () => {
    vi.resetModules();
    const loading = vi.fn(load);
    vi.doMock('google-auth-library', loading);
    const { Connector } = await import('@x/cloudsql-core');
    setEnv({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
    let form = new URLSearchParams();
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (data) => {
        body += String(data);
      });
      request.on('end', () => {
        form = new URLSearchParams(body);
        response.end('{"access_token":"token","expires_in":3600}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const json = {
      type: 'external_account',
      audience: '//iam.googleapis.com/x',
      subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
      token_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/token`,
      credential_source: {
        environment_id: 'aws1',
        regional_cred_verification_url:
          'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
      },
    };
    const connector = new Connector({ credentials: { json, trustExternalAccount: true } });
    expect((await connector.loginToken()).token).toBe('token');
    await connector.close();
    server.close();
    expect(loading).toHaveBeenCalledOnce();
    const subject = JSON.parse(decodeURIComponent(form.get('subject_token')!)) as { url: string };
    expect(subject.url).toBe('https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15');
    expect(form.get('scope')).toBe('https://www.googleapis.com/auth/sqlservice.login');
  });
});
