import { describe, expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { sharedMysql } from '../../support/mysql-database.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import {
  mysqlSinkTarget,
  describeMysqlTargets,
  startTargetSink,
} from '../../support/sink-target.ts';

const { series } = sharedMysql();
/** 8.0 is 8.0.15 here, which lacks what came with 8.0.17. */
const isOld = series === '5.7' || series === '8.0';

type Wanted = Partial<ConnectSchema> & { readonly type: ConnectSchema['type'] };

const id = column('id', 'integer', { type: 'int32', optional: false });

describeMysqlTargets(() => {
  describe('keys', () => {
    test('texts that differ in case or in spaces at the end are different keys (S19)', async () => {
      await using target = await mysqlSinkTarget();
      await using sink = await startTargetSink(target);
      const key = column('k', 'text', { type: 'string', optional: false });
      const other = column('j', 'text', { type: 'string', optional: false });
      const n = column('n', 'integer', { type: 'int32' });
      const topic = new SinkTopic({ table: 't', columns: [key, other, n], key: ['k', 'j'] });
      const keys = ['a', 'A', 'ä', 'ss', 'ß', ...(isOld ? [] : ['a ', ''])];
      await put(
        sink,
        keys.map((k, i) => topic.insert({ k, j: '', n: i })),
      );
      await put(sink, [topic.update({ k: 'A', j: '', n: 99 }), topic.delete({ k: 'ss', j: '' })]);
      expect(sink.status().parked).toEqual([]);
      const rows = await target.query('SELECT k, n FROM t ORDER BY n');
      const wanted = keys
        .map((k, n) => ({ k, n: k === 'A' ? 99 : n }))
        .filter(({ k }) => k !== 'ss');
      expect(rows).toEqual(wanted.toSorted((left, right) => left.n - right.n));
      const [made] = await target.query('SHOW CREATE TABLE t');
      expect(String(made?.['Create Table'])).toMatch(/`k` varchar\(38\d\)/);
    });

    test('where the collation holds them equal the second is refused, not mixed in', async () => {
      await using target = await mysqlSinkTarget();
      await target.query(
        `CREATE TABLE t (k varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY,
         n int)`,
      );
      await using sink = await startTargetSink(target);
      const key = column('k', 'character varying(20)', { type: 'string', optional: false });
      const n = column('n', 'integer', { type: 'int32' });
      const topic = new SinkTopic({ table: 't', columns: [key, n], key: ['k'] });
      // A key that changes its case only is one key.
      await put(sink, [
        topic.insert({ k: 'x', n: 1 }),
        ...topic.move({ k: 'x' }, { k: 'X', n: 2 }),
      ]);
      expect(sink.status().parked).toEqual([]);
      await put(sink, [topic.insert({ k: 'a', n: 1 }), topic.insert({ k: 'A', n: 2 })]);
      expect(await target.query('SELECT k, n FROM t ORDER BY k')).toEqual([
        { k: 'a', n: 1 },
        { k: 'X', n: 2 },
      ]);
      expect(sink.status().parked).toMatchObject([{ code: 'SINK_RECORD' }]);
      expect(sink.status().parked[0]?.message).toContain('one of another key');
    });

    test('a row is never taken for one of another key by a second unique index (S19)', async () => {
      await using target = await mysqlSinkTarget();
      await target.query('CREATE TABLE t (id int PRIMARY KEY, mail varchar(50) UNIQUE)');
      await target.query("INSERT INTO t VALUES (1, 'a@b')");
      await using sink = await startTargetSink(target);
      const mail = column('mail', null, { type: 'string' });
      const topic = new SinkTopic({ table: 't', columns: [id, mail], key: ['id'] });
      await put(sink, [topic.insert({ id: 2, mail: 'a@b' })]);
      expect(sink.status().parked).toMatchObject([{ code: 'SINK_RECORD' }]);
      expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, mail: 'a@b' }]);
    });

    test('a key of 0 is a key, and no next number', async () => {
      await using target = await mysqlSinkTarget();
      await target.query('CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, n int)');
      await using sink = await startTargetSink(target);
      const n = column('n', 'integer', { type: 'int32' });
      const topic = new SinkTopic({ table: 't', columns: [id, n], key: ['id'] });
      await put(sink, [topic.insert({ id: 0, n: 1 }), topic.update({ id: 0, n: 2 })]);
      expect(await target.query('SELECT * FROM t')).toEqual([{ id: 0, n: 2 }]);
    });
  });

  describe('evolving', () => {
    test('columns come with defaults, types grow, NOT NULL goes; all else stays', async () => {
      await using target = await mysqlSinkTarget();
      await target.query(
        `CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 5 COMMENT 'it''s n',
         e enum('a','b') DEFAULT 'b', w varchar(3) CHARACTER SET latin1 NOT NULL DEFAULT 'x',
         gone int NOT NULL)`,
      );
      await target.query("INSERT INTO t VALUES (1, 1, 'a', 'w', 7)");
      await using sink = await startTargetSink(target);
      const own = (name: string, type: string, schema: Wanted) =>
        column(name, null, { ...schema, parameters: { '__tidemark.source.mysql.type': type } });
      const columns = [
        id,
        own('n', 'bigint', { type: 'int64' }),
        own('e', "enum('a','b','it''s')", { type: 'string', name: 'io.debezium.data.Enum' }),
        own('w', 'varchar(9)', { type: 'string', optional: false }),
        column('later', 'text', { type: 'string', optional: false, default: "d'\\" }),
        column('more', 'integer', { type: 'int32', optional: false, default: 3 }),
      ];
      const topic = new SinkTopic({ table: 't', columns, key: ['id'] });
      const row = { id: 2, n: null, e: "it's", w: 'nine chr.', later: 'x', more: 1 };
      await put(sink, [topic.insert(row)]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM t ORDER BY id')).toEqual([
        { id: 1, n: 1, e: 'a', w: 'w', gone: 7, later: isOld ? null : "d'\\", more: 3 },
        { ...row, gone: null },
      ]);
      const [made] = await target.query('SHOW CREATE TABLE t');
      const text = String(made?.['Create Table']);
      expect(text).toMatch(/`n` bigint(?:\(20\))? DEFAULT '?5'? COMMENT 'it''s n'/);
      expect(text).toMatch(/`e` enum\('a','b','it''s'\).* DEFAULT 'b'/);
      expect(text).toMatch(/`w` varchar\(9\) CHARACTER SET latin1.* NOT NULL DEFAULT 'x'/);
    });

    test('a table without transactions is refused, with the statement that cures it', async () => {
      await using target = await mysqlSinkTarget();
      await target.query('CREATE TABLE t (id int PRIMARY KEY) ENGINE=MyISAM');
      await using sink = await startTargetSink(target);
      const topic = new SinkTopic({ table: 't', columns: [id], key: ['id'] });
      await put(sink, [topic.insert({ id: 1 })]);
      const [parked] = sink.status().parked;
      expect(parked?.code).toBe('SINK_SCHEMA');
      expect(parked?.message).toMatch(/ALTER TABLE .* ENGINE = InnoDB/);
    });
  });

  test('batches keep within max_allowed_packet; a row that does not is refused (S22)', async () => {
    await using target = await mysqlSinkTarget();
    const session = await target.open();
    const { statementBytesMax } = session;
    expect(statementBytesMax).toBeGreaterThanOrEqual(1024 * 1024);
    const work = session.query(`SELECT '${'x'.repeat(statementBytesMax)}'`);
    await expect(work).rejects.toMatchObject({ code: 'SINK_RECORD' });
    expect(session.broken).toBe(false);
    await session.close();
  });
});
