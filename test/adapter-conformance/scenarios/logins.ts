import { expect } from 'vitest';
import { native } from '../../cloud.ts';
import type { Scenario } from '../scenario.ts';

export const iamDiscovered: Scenario = {
  name: 'IAM user discovered',
  async run({ login, engine }) {
    expect(await login()).toBe(engine.iamUser);
  },
};

export const manualIam: Scenario = {
  name: 'manual IAM',
  async run({ login, engine }) {
    expect(await login({ authType: 'IAM_MANUAL' })).toBe(engine.iamUser);
    expect(await login({ authType: 'IAM_MANUAL', user: engine.iamUser })).toBe(engine.iamUser);
  },
};

export const password: Scenario = {
  name: 'password',
  async run({ login }) {
    expect(await login({ user: native.name, password: native.password })).toBe(native.name);
  },
};

export const wrongUser: Scenario = {
  name: 'wrong user',
  async run({ failure, engine, errors }) {
    expect(await failure({ user: engine.stranger })).toMatchObject(errors.denied);
  },
};
