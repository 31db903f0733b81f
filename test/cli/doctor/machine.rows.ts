import { primary } from '../../alloydb-cloud.ts';
import { instance } from '../../cloud.ts';
import { type Case, timedatectl } from './case.ts';
import { cloud, withoutEmulator } from './doctor-cloud.ts';

/** What the doctor finds on this machine: the clock, the environment, the way to the API. */
export const machineCases: readonly Case[] = [
  {
    name: 'a clock that is an hour behind',
    make: () => cloud.faults.clock(3_600_000),
    args: [instance],
    code: 10,
    step: 'clock',
    found: /^this machine is (59|60) min behind sqladmin\.googleapis\.com$/,
    mends: [timedatectl],
  },
  {
    name: 'a clock that is an hour ahead',
    make: () => cloud.faults.clock(-3_600_000),
    args: [primary],
    code: 10,
    step: 'clock',
    found: /^this machine is 60 min ahead of alloydb\.googleapis\.com$/,
    mends: [timedatectl],
  },
  {
    name: 'a proxy variable that is no URL of one',
    args: [instance],
    env: () => ({ ...cloud.env, HTTPS_PROXY: 'socks5://127.0.0.1:1080' }),
    code: 11,
    step: 'environment',
    found: 'HTTPS_PROXY is not the URL of an HTTP proxy',
    mends: ['export HTTPS_PROXY=http://HOST:PORT'],
  },
  {
    name: 'a proxy that is not there',
    args: [instance],
    env: () => ({ ...cloud.env, https_proxy: '127.0.0.1:1' }),
    code: 11,
    step: 'environment',
    found: 'the proxy 127.0.0.1:1, which https_proxy names, does not answer',
    evidence: 'connect ECONNREFUSED 127.0.0.1:1',
    mends: ['unset https_proxy'],
  },
  {
    name: 'a SOCKS proxy that is not there',
    args: [instance],
    env: () => ({ ...cloud.env, ALL_PROXY: 'socks5h://127.0.0.1:1' }),
    code: 11,
    step: 'environment',
    found: 'the proxy 127.0.0.1:1, which ALL_PROXY names, does not answer',
    mends: ['unset ALL_PROXY'],
  },
  {
    name: 'a project of the emulator without the emulator',
    args: [instance, '--sqladmin-api-endpoint', 'http://127.0.0.1:1'],
    env: () => withoutEmulator,
    code: 11,
    step: 'environment',
    found: 'the project demo-shop exists only in the emulator, and no variable names one',
    mends: ['eval "$(cloudsql emulator env-init)"'],
  },
  {
    name: 'no way to the admin API',
    args: [instance],
    env: () => ({ ...cloud.env, CLOUDSQL_EMULATOR_HOST: '127.0.0.1:1' }),
    code: 12,
    step: 'api-egress',
    found: 'sqladmin.googleapis.com port 443 cannot be reached from here',
    evidence: 'CLOUDSQL_API_UNREACHABLE: 127.0.0.1:1 cannot be reached: connect ECONNREFUSED',
  },
];
