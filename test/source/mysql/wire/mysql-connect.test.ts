import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { connectMysql, internalsOf } from '../../../../src/source/mysql/wire/mysql-connect.ts';
import type { MysqlScript } from '../../../support/scripted-mysql.ts';
import { handshake, scriptedMysql } from '../../../support/scripted-mysql.ts';

const { signal } = new AbortController();

/** The capabilities of a client's login. */
const LOCAL_FILES = 0x80;
const MULTI_STATEMENTS = 0x10000;

test('the login offers no files and no several statements; the greeting is kept', async () => {
  let flags = 0;
  await using server = await scriptedMysql({
    version: '5.5.5-10.11.18-MariaDB',
    login(peer, response) {
      flags = response.readUInt32LE(0);
      peer.ok();
    },
  });
  const { connection, greeting, encrypted } = await connectMysql(server.options, signal);
  expect({ greeting, encrypted }).toEqual({ greeting: '5.5.5-10.11.18-MariaDB', encrypted: false });
  expect(flags & (LOCAL_FILES | MULTI_STATEMENTS)).toBe(0);
  internalsOf(connection).stream.destroy();
});

const AUTH_SWITCH = 0xfe;

function switchTo(plugin: string): MysqlScript {
  return {
    login(peer) {
      const name = Buffer.from(`${plugin}\0`);
      peer.send(
        Buffer.concat([Buffer.from([AUTH_SWITCH]), name, Buffer.from('s'.repeat(20) + '\0')]),
      );
    },
  };
}

test.each(['client_ed25519', 'parsec', 'authentication_kerberos_client', 'mysql_clear_password'])(
  'a log-in by %s is refused by name, and the password is not sent (PITFALLS B1)',
  async (plugin) => {
    await using server = await scriptedMysql(switchTo(plugin));
    await expect(connectMysql(server.options, signal)).rejects.toMatchObject({
      code: 'MYSQL_AUTH_PLUGIN',
      message: expect.stringContaining(`the account logs in by ${plugin}, which`) as string,
      cure: expect.stringContaining('ALTER USER') as string,
    });
    await expect.poll(() => server.open.size).toBe(0);
  },
);

test('preferred does without TLS where there is none, required does not (B15)', async () => {
  await using server = await scriptedMysql();
  const { encrypted, connection } = await connectMysql(
    { ...server.options, sslMode: 'preferred' },
    signal,
  );
  expect(encrypted).toBe(false);
  internalsOf(connection).stream.destroy();
  for (const sslMode of ['required', 'verify_ca', 'verify_identity'] as const) {
    await expect(connectMysql({ ...server.options, sslMode }, signal)).rejects.toMatchObject({
      code: 'MYSQL_TLS',
      message: expect.stringContaining('does not offer TLS') as string,
    });
  }
});

test.each<readonly [string, MysqlScript, string, RegExp]>([
  [
    'too many connections',
    {
      greet: (peer) => {
        peer.error(1040, 'Too many connections');
      },
    },
    'MYSQL_CONNECTIONS_EXHAUSTED',
    /Too many connections/,
  ],
  [
    'a password that is wrong',
    {
      login: (peer) => {
        peer.error(1045, "Access denied for user 'cdc'@'x'");
      },
    },
    'MYSQL_AUTH',
    /Access denied/,
  ],
  ['no greeting', { greet: () => undefined }, 'MYSQL_CONNECT', /ETIMEDOUT/],
  ['no answer', { login: () => undefined }, 'MYSQL_CONNECT', /ETIMEDOUT/],
  [
    'a hang-up',
    {
      greet: (peer) => {
        peer.socket.end();
      },
    },
    'MYSQL_CONNECT',
    /closed the connection/,
  ],
  [
    'half a greeting',
    {
      greet: (peer) => {
        peer.socket.end(
          Buffer.concat([Buffer.from([200, 0, 0, 0]), handshake('8.0').subarray(0, 20)]),
        );
      },
    },
    'MYSQL_CONNECT',
    /closed the connection/,
  ],
])('%s', async (_name, script, code, message) => {
  await using server = await scriptedMysql(script);
  const options = { ...server.options, connectTimeoutMs: 300 };
  await expect(connectMysql(options, signal)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
  await expect.poll(() => server.open.size).toBe(0);
});

test('an abort ends an attempt that hangs, and leaves no socket', async () => {
  await using server = await scriptedMysql({ login: () => undefined });
  const abort = new AbortController();
  const attempt = connectMysql({ ...server.options, connectTimeoutMs: 60_000 }, abort.signal);
  setTimeout(() => {
    abort.abort(new Error('enough'));
  }, 50);
  await expect(attempt).rejects.toThrow('enough');
  await expect.poll(() => server.open.size).toBe(0);
});

test('a closed port is one that cannot be reached', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const options = {
    host: '127.0.0.1',
    port,
    user: 'x',
    password: undefined,
    connectTimeoutMs: 1000,
  };
  await expect(connectMysql({ ...options, sslMode: 'disabled' }, signal)).rejects.toMatchObject({
    code: 'MYSQL_CONNECT',
    message: `127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test('a greeting of any bytes is an error or a login, and leaves no socket', async () => {
  const real = handshake('8.0.99');
  let greeting = Buffer.alloc(0);
  await using server = await scriptedMysql({
    greet: (peer) => {
      peer.send(greeting);
    },
  });
  const random = fc.uint8Array({ maxLength: 120 });
  const cut = fc.nat(real.length).map((length) => real.subarray(0, length));
  const changed = fc
    .tuple(fc.nat(real.length - 1), fc.nat(255))
    .map(([at, byte]) => Buffer.from(real).fill(byte, at, at + 1));
  const attempt = async (bytes: Uint8Array): Promise<void> => {
    greeting = Buffer.from(bytes);
    try {
      const options = { ...server.options, connectTimeoutMs: 100 };
      const { connection } = await connectMysql(options, signal);
      internalsOf(connection).stream.destroy();
    } catch (error) {
      expect(error).toBeInstanceOf(TidemarkError);
    }
  };
  await fc.assert(fc.asyncProperty(fc.oneof(random, cut, changed), attempt), { numRuns: 80 });
  await expect.poll(() => server.open.size).toBe(0);
});
