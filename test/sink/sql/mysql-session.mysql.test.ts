import { expect, test } from 'vitest';
import { sharedMysql } from '../../support/mysql-database.ts';
import { never } from '../../support/sink-harness.ts';
import { mysqlSinkTarget, describeMysqlTargets } from '../../support/sink-target.ts';
import { openMysqlSession } from '../../../src/sink/sql/mysql-session.ts';

describeMysqlTargets(() => {
  test('the session is strict and in UTC, whatever the settings of the server (S24)', async () => {
    await using target = await mysqlSinkTarget();
    const session = await target.open();
    const { rows } = await session.query(
      `SELECT @@sql_mode AS mode, @@time_zone AS zone, @@character_set_connection AS charset,
         @@sql_safe_updates AS safe, '\\\\' AS one`,
    );
    expect(rows).toEqual([
      {
        mode: 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
        zone: '+00:00',
        charset: 'utf8mb4',
        safe: '0',
        one: '\\',
      },
    ]);
    await session.close();
  });

  test('of several statements the rows of the last and the touched rows of all', async () => {
    await using target = await mysqlSinkTarget();
    const session = await target.open();
    await session.query('CREATE TABLE t (id bigint unsigned PRIMARY KEY, n int)');
    await session.query('INSERT INTO t VALUES (1, 1), (18446744073709551615, 1)');
    const updates = await session.query(
      'UPDATE t SET n = 2 WHERE id = 1;UPDATE t SET n = 1 WHERE id > 1;' +
        'UPDATE t SET n = 3 WHERE id = 7',
    );
    // Rows that were found count, changed or not.
    expect(updates.rowCount).toBe(2);
    const { rows } = await session.query('SELECT 1 AS one; SELECT id FROM t WHERE id > 1');
    expect(rows).toEqual([{ id: '18446744073709551615' }]);
    await session.close();
  });

  test('a transaction that stands still is ended by the server', async () => {
    await using target = await mysqlSinkTarget();
    const session = await openMysqlSession(target.options({ lockTimeoutMs: 2_000 }), never);
    await session.query('CREATE TABLE t (id int PRIMARY KEY)');
    await session.begin();
    await session.query('INSERT INTO t VALUES (1)');
    await expect.poll(() => session.broken).toBe(true);
    await expect(session.commit()).rejects.toMatchObject({ code: 'SINK_CONNECT' });
    expect(await target.query('SELECT * FROM t')).toEqual([]);
    await session.close();
  });

  test('TLS: a certificate of another authority is refused where it is looked at', async () => {
    const { caFile } = sharedMysql();
    if (caFile === undefined) return;
    await using target = await mysqlSinkTarget();
    const url = target.options().connectionUrl;
    const open = (parameters: string) =>
      openMysqlSession(target.options({ connectionUrl: `${url}?${parameters}` }), never);
    const session = await open(`ssl-mode=VERIFY_CA&ssl-ca=${encodeURIComponent(caFile)}`);
    const { rows } = await session.query("SHOW STATUS LIKE 'Ssl_cipher'");
    expect(String(rows[0]?.['Value'])).not.toBe('');
    await session.close();
    const other = new URL('../../support/tls/other-ca.pem', import.meta.url).pathname;
    await expect(open(`ssl-mode=VERIFY_CA&ssl-ca=${encodeURIComponent(other)}`)).rejects.toThrow(
      /certificate|CERT/i,
    );
    await expect(open('ssl-mode=VERIFY_CA&ssl-ca=/nowhere.pem')).rejects.toMatchObject({
      code: 'CONFIG_FILE',
    });
  });
});
