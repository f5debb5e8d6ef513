import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { sharedMysql } from '../../support/mysql-database.ts';
import type { MysqlServer } from '../../support/mysql-server.ts';
import { startServer } from '../../support/mysql-server.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkLog, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import {
  describeMysqlTargets,
  mysqlSinkTarget,
  startTargetSink,
} from '../../support/sink-target.ts';

/*
 * A target as an administrator who knows nothing of the sink has set it up: no strict mode, quotes
 * of ANSI, names in lower case, packets of 1 MB, read-only at times.
 */

const { flavor, series } = sharedMysql();
/** Newer MySQLs have it only where the data were made with it. */
const foldsNames = flavor === 'mariadb' || series === '5.7';

const WAITING = "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";

const id = column('id', 'integer', { type: 'int32', optional: false });
const word = column('word', 'text', { type: 'string' });
const bytes = column('bytes', 'bytea', { type: 'bytes' });

describeMysqlTargets(() => {
  let server: MysqlServer;

  beforeAll(async () => {
    server = await startServer(series, {
      settings: {
        'sql-mode': 'ANSI_QUOTES',
        'max-allowed-packet': '1M',
        ...(foldsNames ? { 'lower-case-table-names': 1 } : {}),
      },
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function topic(table: string, columns = [id, word, bytes], log = new SinkLog()): SinkTopic {
    return new SinkTopic({ table, columns, key: ['id'] }, log);
  }

  /** As the runner does: puts until the target takes it. */
  async function putAgain(sink: SinkTask, records: readonly SinkRecord[]): Promise<unknown> {
    return put(sink, records).catch((error: unknown) => error);
  }

  test('without strict mode nothing is cut, under ANSI_QUOTES nothing misread (S24)', async () => {
    await using target = await mysqlSinkTarget(server);
    const schemaEvolution = { create: true, evolve: false };
    await using sink = await startTargetSink(target, { schemaEvolution });
    await target.query('CREATE TABLE words (id int PRIMARY KEY, word varchar(3), bytes blob)');
    const words = topic('words');
    const quotes = topic('quotes', [id, word, bytes], words.log);
    const text = String.raw`"a" 'b' \c`;
    await put(sink, [quotes.insert({ id: 1, word: text }), words.insert({ id: 1, word: 'four' })]);
    expect(await target.query('SELECT word FROM quotes')).toEqual([{ word: text }]);
    expect(await target.query('SELECT id FROM words')).toEqual([]);
    expect(sink.status().parked).toMatchObject([{ topic: words.topic, code: 'SINK_RECORD' }]);
  });

  test('a row of 900 kB comes through packets of 1 MB, one of 2 MB parks its table', async () => {
    await using target = await mysqlSinkTarget(server);
    await using sink = await startTargetSink(target);
    const rows = topic('rows');
    const others = topic('others', [id, word, bytes], rows.log);
    const small = Array.from({ length: 40 }, (_, i) =>
      rows.insert({ id: 100 + i, word: 'x'.repeat(20_000) }),
    );
    const large = rows.insert({ id: 1, word: 'y'.repeat(900_000) });
    const binary = rows.insert({ id: 2, word: null, bytes: Buffer.alloc(450_000, 255) });
    const tooLarge = rows.insert({ id: 3, word: 'z'.repeat(2_000_000) });
    await put(sink, [...small, large, binary, tooLarge, others.insert({ id: 1, word: 'later' })]);
    const lengths = `SELECT id, length(word) AS w, length(bytes) AS b FROM "rows" WHERE id < 100
      ORDER BY id`;
    expect(await target.query(lengths)).toEqual([
      { id: 1, w: 900_000, b: null },
      { id: 2, w: null, b: 450_000 },
    ]);
    expect(await target.query('SELECT id FROM others')).toEqual([{ id: 1 }]);
    const [parked, ...more] = sink.status().parked;
    expect(more).toEqual([]);
    expect(parked).toMatchObject({ topic: rows.topic, offset: 42, code: 'SINK_RECORD' });
    expect(parked?.message).toContain('max_allowed_packet');
  });

  /**
   * On a server that keeps names in lower case the tables `Orders` and `orders` of one source are
   * one: rows of either were written over those of the other.
   */
  test('tables that differ only by case are not made one', async () => {
    await using target = await mysqlSinkTarget(server);
    const upper = topic('Orders');
    const lower = topic('orders', [id, word, bytes], upper.log);
    const first = [upper.insert({ id: 1, word: 'U' }), lower.insert({ id: 1, word: 'l' })];
    // A start that meets the other table first must not turn it round.
    for (const records of [first, [lower.insert({ id: 2, word: 'l' })]]) {
      await using sink = await startTargetSink(target);
      await put(sink, records);
      expect(await target.query('SELECT id, word FROM Orders')).toEqual([{ id: 1, word: 'U' }]);
      const { parked } = sink.status();
      expect(parked.map((table) => `${table.topic} ${table.code}`)).toEqual(
        foldsNames ? [`${lower.topic} SINK_SCHEMA`] : [],
      );
      if (foldsNames) expect(parked[0]?.message).toMatch(/Orders.*lower_case_table_names/s);
    }
    await using sink = await startTargetSink(target);
    await put(sink, [upper.update({ id: 1, word: 'U2' })]);
    expect(await target.query('SELECT id, word FROM Orders')).toEqual([{ id: 1, word: 'U2' }]);
    if (!foldsNames) expect(await target.query('SELECT id FROM orders')).toHaveLength(2);
  });

  test('read-only, or a lock that another holds: tried again, and then done', async () => {
    await using target = await mysqlSinkTarget(server);
    const name = `sink_${target.schema}`;
    await server.query(`CREATE USER ${name} IDENTIFIED BY 'secret'`);
    await server.query(`GRANT ALL ON ${target.schema}.* TO ${name}`);
    await using sink = await startTargetSink(target, {
      user: name,
      password: 'secret',
      lockTimeoutMs: 1_000,
    });
    const rows = topic('locked');
    await put(sink, [rows.insert({ id: 1, word: 'a' })]);
    const update = rows.update({ id: 1, word: 'b' });
    await server.query('SET GLOBAL read_only = ON');
    try {
      expect(await putAgain(sink, [update])).toMatchObject({ code: 'SINK_SERVER' });
    } finally {
      await server.query('SET GLOBAL read_only = OFF');
    }
    const other = await target.open();
    await other.begin();
    await other.query('SELECT * FROM locked FOR UPDATE');
    expect(await putAgain(sink, [update])).toMatchObject({ code: 'SINK_SERVER' });
    await other.rollback();
    await other.close();
    expect(await putAgain(sink, [update])).toEqual([]);
    expect(await target.query('SELECT word FROM locked')).toEqual([{ word: 'b' }]);
    expect(sink.status().parked).toEqual([]);
    await server.query(`DROP USER ${name}`);
  });

  test('the victim of a deadlock is done again', async () => {
    await using target = await mysqlSinkTarget(server);
    await using sink = await startTargetSink(target);
    const rows = topic('knot');
    const ids = Array.from({ length: 50 }, (_, i) => i + 1);
    await put(
      sink,
      ids.map((one) => rows.insert({ id: one, word: 'a' })),
    );
    // Of two that wait for each other the server ends the one that has changed fewer rows.
    const other = await target.open();
    await other.begin();
    await other.query("UPDATE knot SET bytes = 'x' WHERE id > 1");
    const updates = [1, 2].map((one) => rows.update({ id: one, word: 'b' }));
    const failing = putAgain(sink, updates);
    // The server looks again only where nobody has asked for a tenth of a second.
    await expect.poll(() => server.query(WAITING), { interval: 200 }).toHaveLength(1);
    await other.query("UPDATE knot SET bytes = 'x' WHERE id = 1");
    expect(await failing).toMatchObject({ code: 'SINK_SERVER' });
    await other.commit();
    await other.close();
    expect(await putAgain(sink, updates)).toEqual([]);
    const found = await target.query('SELECT word, bytes FROM knot WHERE id < 3');
    expect(found.map(({ word: text }) => text)).toEqual(['b', 'b']);
  });

  test('keys that an index cannot hold park their table, and say what it holds', async () => {
    await using target = await mysqlSinkTarget(server);
    await using sink = await startTargetSink(target);
    const key = (name: string, type: string) =>
      column(name, type, { type: 'string', optional: false });
    const names = ['a', 'b', 'c', 'd'];
    const texts = new SinkTopic({ table: 'texts', columns: [key('k', 'text')], key: ['k'] });
    const { log } = texts;
    const wide = names.map((name) => key(name, 'character varying(255)'));
    const many = new SinkTopic({ table: 'many', columns: wide, key: names }, log);
    await put(sink, [
      texts.insert({ k: 'é'.repeat(768) }),
      texts.insert({ k: 'é'.repeat(768).replace(/é$/, 'e') }),
      texts.insert({ k: 'x'.repeat(769) }),
      many.insert({ a: '', b: '', c: '', d: '' }),
    ]);
    expect(await target.query('SELECT length(k) AS bytes FROM texts')).toHaveLength(2);
    expect(sink.status().parked).toMatchObject([
      { topic: texts.topic, offset: 2, code: 'SINK_RECORD' },
      { topic: many.topic, offset: 0, code: 'SINK_SCHEMA' },
    ]);
    expect(sink.status().parked[1]?.message).toContain('3072 bytes');
  });

  test('killed and started again: the put fails, then it is done', async () => {
    await using target = await mysqlSinkTarget(server);
    await using sink = await startTargetSink(target);
    const rows = topic('survivors');
    await put(sink, [rows.insert({ id: 1, word: 'a' })]);
    const update = rows.update({ id: 1, word: 'b' });
    await server.kill();
    expect(await putAgain(sink, [update])).toMatchObject({ code: 'SINK_CONNECT' });
    await server.start();
    expect(await putAgain(sink, [update])).toEqual([]);
    expect(await wordsOf(target)).toEqual([{ word: 'b' }]);
  });
});

async function wordsOf(target: SinkTarget): Promise<unknown> {
  return target.query('SELECT word FROM survivors');
}
