import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BINLOG_SOURCE_SCHEMAS } from '../../src/envelope/binlog-source-block.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import type {
  BinlogOrigin,
  BinlogRowChange,
  SnapshotMarker,
} from '../../src/model/change-event.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import {
  benchOf,
  BINLOG_OPTIONS,
  binlogOrigin,
  column,
  tableOf,
  WIRES,
} from './encoder-harness.ts';
import type { TypeCase } from './value-arbitraries.ts';
import { SCALAR_CASES } from './value-arbitraries.ts';

const INTEGER = SCALAR_CASES.find(({ name }) => name === 'int32') as TypeCase;

const MARKERS: readonly SnapshotMarker[] = [
  'true',
  'first',
  'first_in_data_collection',
  'last_in_data_collection',
  'last',
  'false',
  'incremental',
];

/** Few values each, so that some come again. */
const origins: fc.Arbitrary<BinlogOrigin> = fc.record({
  family: fc.constant('binlog'),
  serverId: fc.constantFrom(0, 1, 80, 4_294_967_295),
  gtid: fc.constantFrom(null, '0-1-7', '531e30d3-e585-11f1-809b-02fc00000001:122', 'u:tag:9'),
  file: fc.constantFrom('binlog.000001', 'mysql-bin.999999', 'ü "b"\\.000002'),
  pos: fc.oneof(fc.nat(), fc.constantFrom(0, 4, 2 ** 32, Number.MAX_SAFE_INTEGER)),
  groupPos: fc.constant(4),
  row: fc.oneof(fc.nat(300), fc.constant(2_147_483_647)),
  thread: fc.constantFrom(null, 0, 246, 2 ** 32, Number.MAX_SAFE_INTEGER),
  query: fc.oneof(
    fc.constantFrom(null, '', 'INSERT INTO t VALUES (1)', 'x'.repeat(500), 'ü\n"😀\\ \u0001'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  ),
  transactionId: fc.constant('0-1-7'),
  ordinal: fc.nat(3),
  sourceMicros: fc.constantFrom(
    0n,
    1n,
    -1n,
    -1_000n,
    999n,
    1_795_250_776_000_000n,
    1_795_250_776_579_201n,
    9_007_199_254_740_993n,
  ),
  snapshot: fc.constantFrom(...MARKERS),
});

/** The table, and what of the row before is now that of another. */
const step = fc.tuple(
  fc.nat(1),
  origins,
  fc.constantFrom<readonly (keyof BinlogOrigin)[]>(
    ['gtid'],
    ['file'],
    ['sourceMicros'],
    ['serverId'],
    ['snapshot'],
    ['thread'],
    ['query'],
    ['pos', 'row'],
  ),
);

function tableNamed(schema: string, table: string): TableSchema {
  const plain = tableOf([column(INTEGER, 'id', 0, { identity: true })], [0]);
  return { ...plain, id: { catalog: 'def', schema, table } };
}

function optionsOf(extra: Partial<EnvelopeOptions>): EnvelopeOptions {
  return { ...BINLOG_OPTIONS, ...extra };
}

describe('the compiled source block is the general one', () => {
  for (const wire of WIRES) {
    for (const options of [
      optionsOf({ connector: 'mysql' }),
      optionsOf({ connector: 'mariadb', topicPrefix: 'ü "p"' }),
      optionsOf({ leavesDefaults: true }),
    ]) {
      const { connector, leavesDefaults = false } = options;
      test(`of two tables in turn, ${connector}, ${leavesDefaults}, in ${wire.name}`, async () => {
        const tables = [tableNamed('shop', 'orders'), tableNamed('shop 2', 'Mixed "Case" ü')];
        const benches = await Promise.all(tables.map((table) => benchOf(table, wire, options)));
        const after = RowImage.of(['1']);
        const steps = fc.array(step, { minLength: 1, maxLength: 12 });
        fc.assert(
          fc.property(origins, steps, (first, rows) => {
            let origin = first;
            for (const [turn, next, moved] of rows) {
              origin = {
                ...origin,
                ...Object.fromEntries(moved.map((name) => [name, next[name]])),
              };
              const bench = benches[turn];
              if (bench === undefined) throw new Error('no such table');
              const { table } = bench.context;
              const change: BinlogRowChange = {
                ...origin,
                op: origin.snapshot === 'false' ? 'c' : 'r',
                table,
                before: null,
                beforeIsKeyOnly: false,
                after,
              };
              expect(bench.compiled(change)).toEqual(bench.general(change));
              const [compiled, general] = bench.truncated(change);
              expect(compiled).toEqual(general);
            }
          }),
          { numRuns: 40 },
        );
      });
    }
  }
});

test('both connectors have the same fields', () => {
  const { mysql, mariadb } = BINLOG_SOURCE_SCHEMAS;
  expect({ ...mariadb, name: '' }).toEqual({ ...mysql, name: '' });
});

test('as Debezium 3.6 wrote it', async () => {
  // Recorded with MySQL 8.0: the first update of a table, and two rows of one event.
  const [, wire] = WIRES;
  if (wire === undefined) throw new Error('no plain JSON');
  const options = optionsOf({ version: '3.6.0.Final', topicPrefix: 'g_mysql_default' });
  const bench = await benchOf(tableNamed('golden', 't_dec'), wire, options);
  const after = RowImage.of(['1']);
  const at = { table: bench.context.table, before: null, after, op: 'c' } as const;
  const source = (pos: number, row: number): unknown => {
    const [record] = bench.compiled({ ...binlogOrigin({ pos, row }), ...at });
    const text = record?.value ?? '';
    return text.slice(text.indexOf('"source":') + 9, text.indexOf(',"transaction"'));
  };
  const head =
    '{"version":"3.6.0.Final","connector":"mysql","name":"g_mysql_default",' +
    '"ts_ms":1795251884908,"snapshot":"false","db":"golden","sequence":null,' +
    '"ts_us":1795251884908171,"ts_ns":1795251884908171000,"table":"t_dec","server_id":80,' +
    '"gtid":"531e30d3-e585-11f1-809b-02fc00000001:67","file":"binlog.000001"';
  const tail = '"thread":246,"query":null}';
  expect(source(232_974, 0)).toBe(`${head},"pos":232974,"row":0,${tail}`);
  expect(source(232_974, 1)).toBe(`${head},"pos":232974,"row":1,${tail}`);
});
