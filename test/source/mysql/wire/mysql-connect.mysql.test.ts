import { randomBytes } from 'node:crypto';
import { onTestFinished, expect, test } from 'vitest';
import type { MysqlConnectionOptions } from '../../../../src/source/mysql/mysql-connection-options.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { sharedMysql } from '../../../support/mysql-database.ts';
import { MysqlConnections } from '../../../support/mysql-database.ts';
import { connectionTo } from '../../../support/mysql-source.ts';
import { pem } from '../../../support/tls-server.ts';

const { signal } = new AbortController();
const server = sharedMysql();
const { flavor, series, caFile } = server;
const hasTls = caFile !== undefined;

/** Who the server says we are, and by which cipher. */
async function used(change: Partial<MysqlConnectionOptions>): Promise<readonly unknown[]> {
  await using session = await MysqlSession.connect(connectionTo(server, change), signal);
  const user = await session.query('SELECT CURRENT_USER()');
  const cipher = await session.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
  return [user.rows[0]?.[0], (cipher.rows[0]?.[1] ?? '') !== '', session.encrypted];
}

async function asAdministrator(...statements: readonly string[]): Promise<void> {
  const connections = new MysqlConnections(server);
  try {
    for (const sql of statements) await connections.query(sql);
  } finally {
    await connections.end();
  }
}

/** An account for this test. */
async function account(identified: string): Promise<{ user: string; password: string }> {
  const user = `u_${randomBytes(4).toString('hex')}`;
  onTestFinished(() => asAdministrator(`DROP USER '${user}'@'%'`));
  await asAdministrator(`CREATE USER '${user}'@'%' ${identified}`);
  return { user, password: 'secret' };
}

test('values are text as the server prints it, and the session is in UTC (B116)', async () => {
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const sql = `SELECT 1 AS one, NULL, 1.50, 'grüße 😀', CAST('2024-02-29 12:00:00' AS DATETIME),
    FROM_UNIXTIME(0), @@sql_mode, 18446744073709551615`;
  expect((await session.query(sql)).rows).toEqual([
    [
      '1',
      null,
      '1.50',
      'grüße 😀',
      '2024-02-29 12:00:00',
      '1970-01-01 00:00:00',
      '',
      '18446744073709551615',
    ],
  ]);
  expect((await session.query('SELECT 1 AS one FROM DUAL WHERE FALSE')).columns).toEqual(['one']);
});

if (hasTls)
  test('TLS checks who answers, as ssl.mode says (PITFALLS B15)', async () => {
    const named = { sslMode: 'verify_identity', host: 'localhost' } as const;
    const me = `${server.user}@%`;
    expect(await used({ sslMode: 'disabled' })).toEqual([me, false, false]);
    expect(await used({ sslMode: 'preferred' })).toEqual([me, true, true]);
    expect(await used({ sslMode: 'required', sslRootCert: pem('other-ca.pem') })).toEqual([
      me,
      true,
      true,
    ]);
    expect(await used({ sslMode: 'verify_ca' })).toEqual([me, true, true]);
    // One that the server made for itself names nobody.
    const isOurs = series !== '8.0';
    if (isOurs) expect(await used(named)).toEqual([me, true, true]);
    else await expect(used(named)).rejects.toMatchObject({ code: 'MYSQL_TLS' });
    const refusal = (words: RegExp) => ({
      code: 'MYSQL_TLS',
      message: expect.stringMatching(words) as string,
      cure: expect.stringContaining('database.ssl') as string,
    });
    // The certificate names localhost only.
    const addressed = used({ ...named, host: '127.0.0.1' });
    await expect(addressed).rejects.toMatchObject(refusal(/does not match certificate's/));
    const other = { sslRootCert: pem('other-ca.pem') };
    for (const sslMode of ['verify_ca', 'verify_identity'] as const) {
      const stranger = used({ ...named, sslMode, ...other });
      await expect(stranger).rejects.toMatchObject(
        refusal(/self-signed certificate|unable to (get|verify)/),
      );
    }
  });

if (!hasTls)
  test('preferred does without TLS where there is none', async () => {
    expect(await used({ sslMode: 'preferred' })).toEqual([`${server.user}@%`, false, false]);
    await expect(used({ sslMode: 'required' })).rejects.toMatchObject({ code: 'MYSQL_TLS' });
  });

const isCaching = flavor === 'mysql' && (series === '8.0' || series === '9.7');

if (isCaching)
  test('caching_sha2_password, new and cached, with TLS and without (B1)', async () => {
    const identified = "IDENTIFIED WITH caching_sha2_password BY 'secret'";
    // The first log-in of an account sends the password: through TLS, or under the server's key.
    for (const sslMode of ['required', 'disabled'] as const) {
      const login = await account(identified);
      for (let attempt = 0; attempt < 2; attempt++) {
        expect((await used({ ...login, sslMode }))[0]).toBe(`${login.user}@%`);
      }
      const wrong = used({ ...login, password: 'wrong', sslMode });
      await expect(wrong).rejects.toMatchObject({ code: 'MYSQL_AUTH' });
    }
  });

if (series !== '9.7')
  test('mysql_native_password, also by a change of plug-in', async () => {
    const by = flavor === 'mariadb' || series === '5.6' ? 'BY' : 'WITH mysql_native_password BY';
    const login = await account(`IDENTIFIED ${by} 'secret'`);
    expect((await used(login))[0]).toBe(`${login.user}@%`);
    const nobody = used({ user: 'nobody-of-that-name', password: 'x' });
    await expect(nobody).rejects.toMatchObject({ code: 'MYSQL_AUTH' });
  });

if (hasTls)
  test('an account that asks for TLS is refused without', async () => {
    const login = await account("IDENTIFIED BY 'secret' REQUIRE SSL");
    expect((await used({ ...login, sslMode: 'required' }))[1]).toBe(true);
    await expect(used({ ...login, sslMode: 'disabled' })).rejects.toMatchObject({
      code: 'MYSQL_AUTH',
    });
  });

test('what an account may not do names the GRANT (PITFALLS B17)', async () => {
  const login = await account("IDENTIFIED BY 'secret'");
  const sslMode = hasTls ? 'required' : 'disabled';
  await using session = await MysqlSession.connect(
    connectionTo(server, { ...login, sslMode }),
    signal,
  );
  await expect(session.query('FLUSH TABLES')).rejects.toMatchObject({
    code: 'MYSQL_PERMISSION',
    cure: expect.stringContaining('GRANT RELOAD ON *.* TO <account>;') as string,
  });
  expect(session.isOpen).toBe(true);
});
