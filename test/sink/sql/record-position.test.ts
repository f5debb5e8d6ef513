import { expect, test } from 'vitest';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { logPosition, positionReader } from '../../../src/sink/sql/record-position.ts';

/** A record of Debezium's with such a source block. */
function record(block: Readonly<Record<string, ConnectValue>>, position?: string): SinkRecord {
  const fields = Object.keys(block).map((name) => ({
    name,
    schema: { type: 'string', optional: true } as const,
  }));
  const source: ConnectSchema = { type: 'struct', optional: false, fields };
  const row: ConnectSchema = { type: 'struct', optional: true, fields: [] };
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'after', schema: row },
      { name: 'source', schema: source },
      { name: 'op', schema: { type: 'string', optional: false } },
    ],
  };
  const values = [null, { schema: source, values: Object.values(block) }, 'c'];
  return {
    topic: 't',
    partition: 1,
    generation: 2,
    offset: 3,
    sequence: 0,
    timestampMs: 0,
    key: null,
    value: { schema, values },
    absent: [],
    ...(position === undefined ? {} : { position }),
  };
}

function textOf(block: Readonly<Record<string, ConnectValue>>, position?: string) {
  const one = record(block, position);
  return positionReader(one.value!.schema)(one);
}

const HEADER = '00000001-0000000000000002-00000003';

test('the header is what counts, with the name of the source', () => {
  const found = { source: 'shop', text: HEADER, isOfHeader: true };
  expect(textOf({ name: 'shop', lsn: 7n }, HEADER)).toEqual(found);
  expect(positionReader(null)({ ...record({}), value: null, position: HEADER })).toEqual({
    ...found,
    source: '',
  });
});

test('transactions of PostgreSQL are in the order of their commits, not of their first LSN', () => {
  // The second one began first and was committed last.
  const commits = [
    { name: 's', lsn: 300n, sequence: '["100","300"]' },
    { name: 's', lsn: 310n, sequence: '["100","310"]' },
    { name: 's', lsn: 200n, sequence: '["350","200"]' },
  ].map((block) => textOf(block)!.text);
  expect(commits.toSorted()).toEqual(commits);
  expect(new Set(commits).size).toBe(3);
  const first = textOf({ name: 's', lsn: 90n, sequence: '[null,"90"]' })!;
  expect(first).toEqual({
    source: 's',
    text: '00000000-0000000000000000-000000000000005a',
    isOfHeader: false,
  });
  expect(first.text < commits[0]! && commits.every((text) => text < HEADER)).toBe(true);
});

test('events of a binlog are in the order of files, places and rows, however long', () => {
  const events = [
    { file: 'binlog.000009', pos: 4n, row: 0 },
    { file: 'binlog.000009', pos: 4n, row: 11 },
    { file: 'binlog.000009', pos: 5_000_000_000n, row: 0 },
    { file: 'binlog.000010', pos: 4n, row: 0 },
    { file: 'binlog.1000000', pos: 4n, row: 0 },
  ].map((block) => textOf(block)!.text);
  expect(events.toSorted()).toEqual(events);
  expect(new Set(events.map((text) => text.length))).toEqual(new Set([38]));
});

test.each([{}, { file: 'binlog', pos: 4n }, { file: 'b.1', pos: null }, { lsn: null }])(
  'a source block without a place tells none: %o',
  (block) => {
    expect(textOf(block)).toBeNull();
  },
);

test('the place in the log is one of the topic', () => {
  expect(logPosition(record({}))).toEqual({
    source: 't',
    text: '00000002-0000000000000003-00000001',
    isOfHeader: true,
  });
});
