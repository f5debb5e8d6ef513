import { describe, expect, test } from 'vitest';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import {
  data,
  fieldOf,
  HEXED,
  isMariadb,
  TARGET_CASES as CASES,
  time,
  type Wanted,
} from '../../support/mysql-target-cases.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import {
  mysqlSinkTarget,
  describeMysqlTargets,
  type SinkTarget,
  startTargetSink,
} from '../../support/sink-target.ts';

/*
 * Values of Connect into columns that the sink makes, and back as the server prints them: it is the
 * oracle of what it has understood.
 */

const id = column('id', 'integer', { type: 'int32', optional: false });

/** Each row as `name text`, as the server prints it. */
async function rowsOf(target: SinkTarget): Promise<string[][]> {
  const selected = CASES.map(({ name }) => {
    const text = HEXED.has(name) ? `HEX(\`${name}\`)` : `CAST(\`${name}\` AS CHAR)`;
    return `${text} AS \`${name}\``;
  });
  const rows = await target.query(`SELECT ${selected.join(', ')} FROM t ORDER BY id`);
  return rows.map((row) => CASES.map(({ name }) => `${name} ${String(row[name])}`));
}

async function typesOf(target: SinkTarget, table: string): Promise<Record<string, string>> {
  const rows = await target.query<{ name: string; type: string }>(
    `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = '${target.schema}' AND TABLE_NAME = '${table}'`,
  );
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

describeMysqlTargets(() => {
  test('every type comes back as it went in, and null too (S15, S16, S17, S18, S19)', async () => {
    await using target = await mysqlSinkTarget();
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 't', columns: [id, ...CASES.map(fieldOf)], key: ['id'] });
    const values = Object.fromEntries(CASES.map(({ name, value }) => [name, value]));
    await put(sink, [topic.insert({ id: 1, ...values }), topic.insert({ id: 2 })]);
    expect(sink.status().parked).toEqual([]);
    const types = await typesOf(target, 't');
    expect(CASES.map(({ name }) => `${name} ${types[name]}`)).toEqual(
      CASES.map(({ name, type }) => `${name} ${type}`),
    );
    const wanted = CASES.map(({ name, text }) => `${name} ${text}`);
    const nothing = CASES.map(({ name }) => `${name} null`);
    expect(await rowsOf(target)).toEqual([wanted, nothing]);
    // A partial update chooses each value by its key, among values of other rows.
    await put(sink, [
      topic.update({ id: 1, full: null }, null, ['dbl']),
      topic.update({ id: 2, ...values, dbl: 0 }, null, ['dbl']),
    ]);
    expect(sink.status().parked).toEqual([]);
    const kept = (text: string): boolean => text.startsWith('dbl ');
    const without = (texts: readonly string[]) => texts.filter((text) => !kept(text));
    const [one = [], two = []] = await rowsOf(target);
    expect([without(one), without(two)]).toEqual([without(nothing), without(wanted)]);
    expect([one, two].map((texts) => texts.find(kept))).toEqual(['dbl 0.1', 'dbl null']);
  });

  describe('what the target cannot hold is refused, never cut', () => {
    test.each<[string, Wanted, ConnectValue]>([
      ['NaN', { type: 'float64' }, Number.NaN],
      ['nanoseconds', { type: 'int64', name: time('NanoTimestamp') }, 1n],
      ['infinity', { type: 'int64', name: time('MicroTimestamp') }, 2n ** 63n - 1n],
      ['the year 10000', { type: 'int32', name: time('Date') }, 2_932_897],
      ['a time of 839 hours', { type: 'int64', name: time('MicroTime') }, 3_020_400_000_000n],
      [
        'seven digits',
        { type: 'string', name: time('IsoTimestamp') },
        '2026-01-01T00:00:00.1234567',
      ],
      [
        'a long fraction',
        {
          type: 'struct',
          name: data('VariableScaleDecimal'),
          fields: [
            { name: 'scale', schema: { type: 'int32', optional: false } },
            { name: 'value', schema: { type: 'bytes', optional: false } },
          ],
        },
        null,
      ],
    ])('%s', async (_, schema, value) => {
      await using target = await mysqlSinkTarget();
      await using sink = await startTargetSink(target);
      const topic = new SinkTopic({
        table: 't',
        columns: [id, column('v', null, schema)],
        key: ['id'],
      });
      const long = {
        schema: { ...schema, optional: true, parameters: {} },
        values: [31, Buffer.from([1])],
      };
      await put(sink, [topic.insert({ id: 1, v: schema.type === 'struct' ? long : value })]);
      expect(sink.status().parked).toMatchObject([{ code: 'VALUE_CONVERSION' }]);
      expect(await target.query('SELECT id FROM t')).toEqual([]);
    });

    test('a text that is too long, and a number of JSON with too many digits', async () => {
      await using target = await mysqlSinkTarget();
      await using sink = await startTargetSink(target);
      const word = column('w', 'character varying(3)', { type: 'string' });
      const doc = column('d', 'jsonb', { type: 'string', name: data('Json') });
      const words = new SinkTopic({ table: 'words', columns: [id, word], key: ['id'] });
      const docs = new SinkTopic({ table: 'docs', columns: [id, doc], key: ['id'] }, words.log);
      await put(sink, [
        words.insert({ id: 1, w: 'four' }),
        docs.insert({ id: 1, d: '{"n": 0.12345678901234567890123}' }),
      ]);
      const codes = sink.status().parked.map(({ code, topic }) => `${topic} ${code}`);
      // MariaDB keeps the text.
      const ofDocs = isMariadb ? [] : ['shop.public.docs VALUE_CONVERSION'];
      expect(codes).toEqual(['shop.public.words SINK_RECORD', ...ofDocs]);
    });
  });
});
