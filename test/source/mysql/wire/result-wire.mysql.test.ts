import { expect, test } from 'vitest';
import { RowImage } from '../../../../src/model/row-image.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import type { RowSink } from '../../../../src/source/mysql/wire/result-wire.ts';
import { ResultWire } from '../../../../src/source/mysql/wire/result-wire.ts';
import { readTextRow } from '../../../../src/source/mysql/wire/text-row.ts';
import type { MysqlConnectionOptions } from '../../../../src/source/mysql/mysql-connection-options.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { connectionTo } from '../../../support/mysql-source.ts';
import { rejection } from '../../../support/snapshot-run.ts';

const { signal } = new AbortController();

async function openWire(change: Partial<MysqlConnectionOptions> = {}): Promise<ResultWire> {
  return new ResultWire(await MysqlSession.connect(connectionTo(sharedMysql(), change), signal));
}

/** Counts rows and bytes; `pause` is what each settle waits for. */
class Counted implements RowSink {
  rows = 0;
  bytes = 0;
  sum = 0;
  pause: () => Promise<void> | undefined = () => undefined;
  readonly #image = new RowImage();

  data(bytes: Buffer, start: number, end: number): undefined {
    readTextRow(bytes, start, end, this.#image, 2);
    this.sum += Number(this.#image.text(0));
    this.rows++;
    this.bytes += (this.#image.ends[1] ?? 0) - (this.#image.starts[1] ?? 0);
  }

  settle(): Promise<void> | undefined {
    return this.pause();
  }
}

test('statements one after the other, and errors that end only one', async () => {
  await using wire = await openWire();
  expect(await wire.query(`SELECT 1 AS one, NULL AS nothing, 'grüße' AS text`)).toEqual({
    columns: ['one', 'nothing', 'text'],
    rows: [['1', null, 'grüße']],
  });
  expect(await wire.query('DO 1')).toEqual({ columns: [], rows: [] });
  expect(await wire.query('SELECT 1 AS a FROM (SELECT 2) t WHERE 1 = 0')).toMatchObject({
    columns: ['a'],
    rows: [],
  });
  const error = await rejection(wire.query('SELECT * FROM no_database.at_all'));
  expect(error.message).toMatch(/error (1049|1146|1142)/);
  expect((await wire.query('SELECT 2')).rows).toEqual([['2']]);
  const wide = Array.from({ length: 300 }, (_, i) => `${i} AS c${i}`).join(', ');
  expect((await wire.query(`SELECT ${wide}`)).columns).toHaveLength(300);
});

test.each(['disabled', 'required'] as const)(
  'rows come whole while their reader waits, also those of more than a packet: TLS %s ' +
    '(PITFALLS B12, B117)',
  async (sslMode) => {
    if (sslMode === 'required' && sharedMysql().caFile === undefined) return;
    await using database = await freshMysqlDatabase();
    await database.query('CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)');
    const values = Array.from({ length: 500 }, (_, i) => `(${i}, REPEAT('x', ${i * 20}))`);
    await database.query(`INSERT INTO t VALUES ${values.join(', ')}`);
    await database.query(`SET GLOBAL max_allowed_packet = 67108864`);
    // Joined packets are the same under TLS.
    const times = sslMode === 'disabled' ? 250 : 1;
    const large = times * 68_000;
    // Made by the SELECT: MySQL 5.6 stores no row of more than a tenth of its redo log.
    await database.query(`INSERT INTO t VALUES (500, REPEAT('y', 68000)), (501, 'end')`);
    await using wire = await openWire({ sslMode });
    const counted = new Counted();
    let settled = 0;
    counted.pause = () => {
      settled++;
      return settled % 2 === 0 ? undefined : new Promise((resolve) => setImmediate(resolve));
    };
    const value = `IF(id = 500, REPEAT(v, ${times}), v)`;
    await wire.read(`SELECT id, ${value} FROM \`${database.name}\`.t`, counted, signal);
    expect(counted.rows).toBe(502);
    expect(counted.sum).toBe((501 * 502) / 2);
    expect(counted.bytes).toBe((20 * (499 * 500)) / 2 + large + 3);
    expect((await wire.query('SELECT 3')).rows).toEqual([['3']]);
  },
);

test('an abort, a killed connection and a sink that fails end it', async () => {
  const sleeping = await openWire();
  const abort = new AbortController();
  const slept = sleeping.query('SELECT SLEEP(30)', abort.signal);
  abort.abort(new Error('enough'));
  await expect(slept).rejects.toThrow('enough');
  expect(sleeping.isOpen).toBe(false);
  const killed = await openWire();
  const [[id = null] = []] = (await killed.query('SELECT CONNECTION_ID()')).rows;
  const waiting = rejection(killed.query('SELECT SLEEP(30)'));
  await using database = await freshMysqlDatabase();
  await database.query(`KILL ${id}`);
  expect((await waiting).code).toBe('MYSQL_CONNECTION_LOST');
  await using failing = await openWire();
  const sink: RowSink = {
    data: () => {
      throw new Error('no more');
    },
    settle: () => undefined,
  };
  await expect(failing.read('SELECT 1', sink, signal)).rejects.toThrow('no more');
  await expect(failing.query('SELECT 1')).rejects.toThrow('no more');
});
