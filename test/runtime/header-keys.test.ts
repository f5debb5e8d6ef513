import { describe, expect, test } from 'vitest';
import type { ConnectHeader } from '../../src/model/connect-record.ts';
import type { Struct } from '../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { HeaderKeys, headerKeysOf } from '../../src/runtime/header-keys.ts';
import { sinkTransformsOf } from '../../src/runtime/sink-transforms.ts';
import { InsertHeader } from '../../src/transform/connect/insert-header.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { column, SinkTopic } from '../support/sink-records.ts';
import { ownOptions } from '../support/transform-records.ts';

const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32' }), column('a', null, { type: 'string' })],
  key: ['id'],
});
const created = topic.insert({ id: 1, a: 'x' });
const deleted = topic.delete({ id: 1, a: 'x' });
const tombstone = topic.tombstone({ id: 1 });
const truncated: SinkRecord = topic.truncate();

const header = (name: string, text: string | Buffer | null) => ({
  name,
  value: text === null ? null : Buffer.from(text),
});

const NOTHING = { schema: null, value: null };

/** Of a record that went through no transform. */
function keyOf(
  keys: HeaderKeys,
  record: SinkRecord,
  ...log: readonly { readonly name: string; readonly value: Buffer | null }[]
): Struct | null {
  const read = log.map(({ name }): ConnectHeader => ({ name, ...NOTHING }));
  return keys.keyOf(record, { log, read, left: read });
}

const typesOf = (key: Struct | null) =>
  key?.schema.fields?.map(({ name, schema: { type } }, i) => [name, type, key.values[i]]);

describe('the key of a record', () => {
  test('has the named headers in their order, of a name the last', () => {
    const keys = new HeaderKeys(['b', 'a'], true);
    const key = keyOf(
      keys,
      created,
      header('a', '1'),
      header('x', '9'),
      header('b', 'north'),
      header('a', '2'),
    );
    expect(typesOf(key)).toEqual([
      ['b', 'string', 'north'],
      ['a', 'int64', 2n],
    ]);
  });

  test('has all headers where none are named, but for what the programs tell each other', () => {
    const keys = new HeaderKeys([], true);
    const own = ['__tidemark.position', '__debezium.newkey', '__connect.errors.topic'];
    const more = own.map((name) => header(name, 'x'));
    const key = keyOf(keys, created, header('b', '1'), ...more, header('a', 'x'));
    expect(key?.schema.fields?.map(({ name }) => name)).toEqual(['a', 'b']);
    // Whoever writes headers gives them no order: it is one schema, and one table.
    const again = keyOf(keys, created, header('a', 'y'), header('b', '2'));
    expect(again?.schema).toBe(key?.schema);
  });

  test.each([
    ['0', 'int64'],
    ['-9223372036854775808', 'int64'],
    ['9223372036854775807', 'int64'],
    ['9223372036854775808', 'string'],
    ['-0', 'string'],
    ['01', 'string'],
    ['1e3', 'string'],
    ['1.0', 'string'],
    ['true', 'string'],
    ['2024-01-01', 'string'],
    ['"x"', 'string'],
    ['', 'string'],
    ['é', 'string'],
  ])('%j is of type %s, and says what it said', (text, type) => {
    const key = keyOf(new HeaderKeys(['a'], true), created, header('a', text));
    expect(key?.schema.fields?.[0]?.schema.type).toBe(type);
    expect(`${key?.values[0] as string | bigint}`).toBe(text);
  });

  test.each([
    ['a row', created, 'the record has no header a, c,'],
    ['a delete', deleted, 'the record has no header a, c,'],
    ['a tombstone', tombstone, 'a tombstone has no header a, c,'],
  ])('is missing: %s is not taken for one without a key', (_, record, message) => {
    const keys = new HeaderKeys(['a', 'b', 'c'], true);
    const fail = () => keyOf(keys, record, header('b', '1'));
    expect(fail).toThrow(expect.objectContaining({ code: 'SINK_RECORD' }) as Error);
    expect(fail).toThrow(message);
    expect(() => keyOf(new HeaderKeys([], true), record)).toThrow('has no headers, where');
  });

  test('is asked of nothing that writes no row', () => {
    const keys = new HeaderKeys(['a'], false);
    expect(keyOf(keys, truncated)).toBeNull();
    // Deletes are not enabled.
    expect(keyOf(keys, deleted)).toBeNull();
    expect(keyOf(keys, tombstone)).toBeNull();
    const schema = { type: 'struct', optional: false, name: 'io.debezium.connector.common.Beat' };
    const value = { schema: { ...schema, fields: [] }, values: [] } as unknown as Struct;
    expect(keyOf(new HeaderKeys(['a'], true), { ...created, value })).toBeNull();
  });

  test.each([
    [null, 'is null'],
    [Buffer.from([0, 0, 0, 255]), 'is no text in UTF-8'],
  ])('of %j is refused', (bytes, message) => {
    const keys = new HeaderKeys(['a'], true);
    expect(() => keyOf(keys, created, header('a', bytes))).toThrow(`the header a, which is part`);
    expect(() => keyOf(keys, created, header('a', bytes))).toThrow(message);
  });
});

describe('between decoder and task', () => {
  function sinkOf(more: Record<string, unknown>, name = 'jdbc') {
    const sink = { name: 's', 'connector.class': name, 'connection.url': 'postgres://h/d' };
    const [connector] = parsedPipeline({ sinks: [{ ...sink, ...more }] }).sinks;
    if (connector === undefined) throw new Error('there is one sink');
    return connector;
  }

  test('nothing stands where nobody asks for it', () => {
    expect(sinkTransformsOf(sinkOf({}), null)).toBeNull();
    expect(headerKeysOf(sinkOf({ 'pk.mode': 'record_value', 'delete.enabled': false }))).toBeNull();
    const file = { 'connector.class': 'file', file: '/tmp/x' };
    expect(headerKeysOf(sinkOf({ ...file, 'connection.url': undefined }))).toBeNull();
  });

  test.each([
    ['jdbc', 'pk'],
    ['io.debezium.connector.jdbc.JdbcSinkConnector', 'primary.key'],
  ])('%s: the key comes from headers, and none of a move is told', (name, prefix) => {
    const sink = sinkOf(
      { [`${prefix}.mode`]: 'record_header', [`${prefix}.fields`]: 'a,a', topics: 't' },
      name,
    );
    const movedTo = created.key;
    if (movedTo === null) throw new Error('it has a key');
    const made = sinkTransformsOf(sink, null)?.transform({ ...deleted, movedTo }, [
      header('a', '5'),
    ]);
    expect(typesOf(made?.key ?? null)).toEqual([['a', 'int64', 5n]]);
    expect(made).not.toHaveProperty('movedTo');
    expect(made?.value).toBe(deleted.value);
  });

  test('what transforms put in has its type, and a plain key is in no way', () => {
    const insert = new InsertHeader(
      ownOptions('InsertHeader', { header: 'a', 'value.literal': '7' }),
    );
    const transforms = sinkTransformsOf(
      sinkOf({ 'pk.mode': 'record_header', 'pk.fields': 'a,b' }),
      (record) => {
        const key = { schema: { type: 'string', optional: false }, value: 'plain' } as const;
        return insert.apply({ ...record, key });
      },
    );
    const made = transforms?.transform(created, [header('a', '1'), header('b', '1')]);
    expect(typesOf(made?.key ?? null)).toEqual([
      ['a', 'int8', 7],
      ['b', 'int64', 1n],
    ]);
  });
});
