import assert from 'node:assert/strict';
import net from 'node:net';
import { Sequelize } from 'sequelize';
import type { RivalCase } from '../case.ts';

export default {
  fault: '24 options in the wrong place make an ORM dial localhost in clear text',
  rival: /dialled localhost/,
  async run({ connector, name }) {
    const options = await connector.getOptions(name);
    const dialled: unknown[] = [];
    const original = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (this: net.Socket, ...args: never[]) {
      const first: unknown = args[0];
      dialled.push(typeof first === 'number' ? args[1] : first);
      return Reflect.apply(original, this, args) as net.Socket;
    } as typeof original;
    // Right would be `dialectOptions: options`.
    const sequelize = new Sequelize({ dialect: 'postgres', ...options, username: 'app', logging: false } as object);
    await assert.rejects(sequelize.authenticate());
    assert.ok(!dialled.includes('localhost'), 'it dialled localhost');
  },
} satisfies RivalCase as RivalCase;
