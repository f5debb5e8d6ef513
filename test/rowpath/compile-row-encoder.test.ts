import { describe, expect, test } from 'vitest';
import type { PostgresRowChange } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema } from '../../src/model/table-schema.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { benchOf, column, origin, readBatch, tableOf, WIRES } from './encoder-harness.ts';
import type { Encoded, Wire } from './encoder-harness.ts';
import type { TypeCase } from './value-arbitraries.ts';
import { SCALAR_CASES } from './value-arbitraries.ts';

const KEY_CASE = SCALAR_CASES.find(({ name }) => name === 'int32') as TypeCase;
const typeCase = (name: string): TypeCase =>
  SCALAR_CASES.find((it) => it.name === name) as TypeCase;
const nullable = (it: TypeCase): Partial<ColumnSchema> => ({
  schema: { ...it.schema, optional: true },
});

/** `id int primary key, v text, amount numeric(…,2)` */
const SHOP = tableOf(
  [
    column(KEY_CASE, 'id', 0, { identity: true }),
    column(typeCase('text'), 'v', 1, nullable(typeCase('text'))),
    column(typeCase('numeric scale 2'), 'amount', 2, nullable(typeCase('numeric scale 2'))),
  ],
  [0],
);
const PLAIN_JSON = WIRES[1] as Wire;
const CONTEXT_HEADER = ['__debezium.context.taskId', '0'] as const;

/** The source block of `origin()`, and what follows it. */
const REST =
  '"source":{"version":"0.1.0","connector":"postgresql","name":"shop","ts_ms":1795250776579,' +
  '"snapshot":"false","db":"db","sequence":"[null,\\"649128472\\"]","ts_us":1795250776579200,' +
  '"ts_ns":1795250776579200000,"schema":"public","table":"t","txId":8645,"lsn":649128472,' +
  '"xmin":null,"origin":null,"origin_lsn":null},"transaction":null,"op":"OP",' +
  '"ts_ms":1795250776723,"ts_us":1795250776723798,"ts_ns":1795250776723798000}';

const envelope = (before: string, after: string, op: string): string =>
  `{"before":${before},"after":${after},${REST.replace('OP', op)}`;

describe('exact records in JSON', () => {
  const run = async (change: Partial<PostgresRowChange>): Promise<Encoded[]> => {
    const bench = await benchOf(SHOP, PLAIN_JSON);
    const whole = { ...origin(), op: 'c', table: SHOP, before: null, after: null, ...change };
    return bench.compiled(whole as PostgresRowChange);
  };

  test('an insert', async () => {
    expect(await run({ op: 'c', after: RowImage.of(['1', 'one', '12.30']) })).toEqual([
      {
        key: '{"id":1}',
        value: envelope('null', '{"id":1,"v":"one","amount":"BM4="}', 'c'),
        headers: [CONTEXT_HEADER],
      },
    ]);
  });

  test('a delete by key, and its tombstone', async () => {
    const before = RowImage.of(['1', null, null]);
    expect(await run({ op: 'd', before, beforeIsKeyOnly: true })).toEqual([
      {
        key: '{"id":1}',
        value: envelope('{"id":1,"v":null,"amount":null}', 'null', 'd'),
        headers: [CONTEXT_HEADER],
      },
      { key: '{"id":1}', value: null, headers: [CONTEXT_HEADER] },
    ]);
  });

  test('a moved key: delete, tombstone and create with each other’s keys (C25)', async () => {
    const records = await run({
      op: 'u',
      before: RowImage.of(['1', null, null]),
      beforeIsKeyOnly: true,
      after: RowImage.of(['101', 'one', null]),
    });
    const newKey = ['__debezium.newkey', '{"id":101}'];
    expect(records).toEqual([
      {
        key: '{"id":1}',
        value: envelope('{"id":1,"v":null,"amount":null}', 'null', 'd'),
        headers: [newKey, CONTEXT_HEADER],
      },
      { key: '{"id":1}', value: null, headers: [newKey, CONTEXT_HEADER] },
      {
        key: '{"id":101}',
        value: envelope('null', '{"id":101,"v":"one","amount":null}', 'c'),
        headers: [['__debezium.oldkey', '{"id":1}'], CONTEXT_HEADER],
      },
    ]);
  });

  test('unchanged TOAST: the placeholder, and a header that names the column', async () => {
    const [record] = await run({ op: 'u', after: RowImage.of(['1', undefined, null]) });
    expect(record).toEqual({
      key: '{"id":1}',
      value: envelope('null', '{"id":1,"v":"__debezium_unavailable_value","amount":null}', 'u'),
      headers: [['__tidemark.absent', '["v"]'], CONTEXT_HEADER],
    });
  });

  test('unchanged TOAST that the old row has is no gap (golden README 10)', async () => {
    const [, , created] = await run({
      op: 'u',
      before: RowImage.of(['1', 'kept', null]),
      after: RowImage.of(['2', undefined, null]),
    });
    expect(created?.value).toBe(envelope('null', '{"id":2,"v":"kept","amount":null}', 'c'));
    expect(created?.headers).toEqual([['__debezium.oldkey', '{"id":1}'], CONTEXT_HEADER]);
  });
});

describe('a value that cannot be represented', () => {
  const broken = (change: Partial<PostgresRowChange>): PostgresRowChange =>
    ({ ...origin(), table: SHOP, before: null, after: null, ...change }) as PostgresRowChange;
  const CHANGES: readonly (readonly [string, PostgresRowChange])[] = [
    ['an insert', broken({ op: 'c', after: RowImage.of(['2', 'secret', 'NaN']) })],
    [
      'the create of a moved key',
      broken({
        op: 'u',
        before: RowImage.of(['1', 'a', '1.00']),
        after: RowImage.of(['2', 'secret', 'NaN']),
      }),
    ],
    [
      'null in a NOT NULL column',
      broken({ op: 'c', after: RowImage.of([null, 'secret', '1.00']) }),
    ],
  ];

  for (const wire of [PLAIN_JSON, WIRES[3] as Wire]) {
    test.each(CHANGES)(`%s leaves nothing behind (${wire.name})`, async (_name, change) => {
      const { context } = await benchOf(SHOP, wire);
      const encoder = compileRowEncoder(context);
      const batch = new RecordBatch();
      const good = broken({ op: 'c', after: RowImage.of(['1', 'one', '1.00']) });
      encoder.row(good, batch);
      const before = [batch.count, batch.byteLength];
      expect(() => encoder.row(change, batch)).toThrow(
        expect.objectContaining({ code: 'VALUE_CONVERSION' }),
      );
      expect([batch.count, batch.byteLength]).toEqual(before);
      encoder.row(good, batch);
      const [first, second] = readBatch(batch, wire);
      expect(second).toEqual(first);
    });
  }

  test('the error names table and column, and never shows the value', async () => {
    const { context } = await benchOf(SHOP, PLAIN_JSON);
    const change = broken({ op: 'c', after: RowImage.of(['1', 'secret', '123.456']) });
    expect(() => compileRowEncoder(context).row(change, new RecordBatch())).toThrow(
      /^public\.t\.amount \(numeric scale 2\): (?!.*(123|secret))/,
    );
  });
});

test('a new transaction and a new chunk renew what was kept of the old ones', async () => {
  for (const wire of WIRES) {
    const bench = await benchOf(SHOP, wire);
    const after = RowImage.of(['1', 'one', '1.00']);
    for (const extra of [
      {},
      { lsn: lsn(649_128_500n) },
      { commitLsn: lsn(700n), transactionId: 9, previousCommitLsn: lsn(649_128_999n) },
      { snapshot: 'last' },
      { sourceMicros: -1n },
    ] as const) {
      const change: PostgresRowChange = {
        ...origin(extra),
        op: 'r',
        table: SHOP,
        before: null,
        after,
      };
      expect(bench.compiled(change)).toEqual(bench.general(change));
    }
  }
});
