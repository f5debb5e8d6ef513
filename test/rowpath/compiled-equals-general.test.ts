import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_NAMING } from '../../src/envelope/topic-naming.ts';
import type { PostgresRowChange, RowChange, RowOperation } from '../../src/model/change-event.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import {
  benchOf,
  BINLOG_OPTIONS,
  binlogOrigin,
  column,
  OPTIONS,
  origin,
  tableOf,
  WIRES,
} from './encoder-harness.ts';
import type { Wire } from './encoder-harness.ts';
import type { TypeCase } from './value-arbitraries.ts';
import { SCALAR_CASES } from './value-arbitraries.ts';
import { TYPE_CASES } from './composed-value-arbitraries.ts';

const KEY_CASE = SCALAR_CASES.find(({ name }) => name === 'int32') as TypeCase;

/** A table with key `id` and two columns of the type: NOT NULL and nullable. */
function tableFor(typeCase: TypeCase, wire: Wire): TableSchema {
  return tableOf(
    [
      column(KEY_CASE, 'id', 0, { identity: true }),
      column(typeCase, wire.format === 'json' ? 'odd "ü" 😀' : 'plain', 1),
      column(typeCase, 'nullable', 2, { schema: { ...typeCase.schema, optional: true } }),
    ],
    [0],
  );
}

describe('every type, by the compiled path and by the general one', () => {
  for (const wire of WIRES) {
    for (const typeCase of TYPE_CASES) {
      test(`${typeCase.name} in ${wire.name}`, async () => {
        const bench = await benchOf(tableFor(typeCase, wire), wire);
        fc.assert(
          fc.property(typeCase.text, fc.option(typeCase.text), (first, second) => {
            const after = RowImage.of(['1', first, second]);
            const change: PostgresRowChange = {
              ...origin(),
              op: 'c',
              table: bench.context.table,
              before: null,
              after,
            };
            expect(bench.compiled(change)).toEqual(bench.general(change));
          }),
          { numRuns: 25 },
        );
      });
    }
  }
});

describe('a converter that makes null of a text', () => {
  for (const wire of WIRES) {
    for (const initial of [undefined, 'none']) {
      test(`with default ${initial} in ${wire.name}`, async () => {
        const schema: ConnectSchema = {
          type: 'string',
          optional: true,
          ...(initial === undefined ? {} : { default: initial }),
        };
        const custom: TypeCase = {
          name: 'custom',
          schema,
          format: { kind: 'custom', convert: (text) => (text === '' ? null : text) },
          text: fc.string(),
        };
        const columns = [
          column(KEY_CASE, 'id', 0, { identity: true }),
          column(custom, 'a', 1),
          column(custom, 'b', 2),
        ];
        const bench = await benchOf(tableOf(columns, [0]), wire);
        for (const [a, b] of [
          ['', 'x'],
          ['x', ''],
          ['', null],
          [undefined, ''],
        ] as const) {
          const after = RowImage.of(['1', a, b]);
          const { table } = bench.context;
          const change: PostgresRowChange = { ...origin(), op: 'c', table, before: null, after };
          expect(bench.compiled(change)).toEqual(bench.general(change));
        }
      });
    }
  }
});

describe('keys with a field that tells the table', () => {
  for (const wire of WIRES) {
    test(`of every record of a change, headers too, in ${wire.name}`, async () => {
      const key = { field: '__dbz__physicalTableIdentifier', identifier: () => 'a "b" ü' };
      const naming = { ...DEFAULT_NAMING, routing: { rename: () => 'one', key } };
      const columns = [
        column(KEY_CASE, 'id', 0, { identity: true }),
        column(KEY_CASE, 'n', 1, { identity: true }),
      ];
      const bench = await benchOf(tableOf(columns, [1, 0]), wire, { ...OPTIONS, naming });
      const { table, schemas } = bench.context;
      expect(schemas.topic).toBe('one');
      expect(schemas.key?.fields?.map(({ name }) => name)).toEqual(['n', 'id', key.field]);
      const [before, after] = [RowImage.of(['1', '2']), RowImage.of(['3', '4'])];
      for (const change of [
        { op: 'c', before: null, after },
        { op: 'u', before, after },
        { op: 'd', before, after: null },
      ] as const) {
        const made: PostgresRowChange = { ...origin(), table, beforeIsKeyOnly: false, ...change };
        expect(bench.compiled(made)).toEqual(bench.general(made));
        expect(bench.compiled(made)[0]?.key).toContain(wire.format === 'json' ? 'a \\"b' : 'a "b"');
      }
    });
  }
});

const operation = fc.constantFrom<RowOperation>('c', 'r', 'u', 'u', 'u', 'd');

describe('every shape of change', () => {
  for (const wire of WIRES) {
    test(`random tables and images in ${wire.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...SCALAR_CASES), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          fc.boolean(),
          fc.infiniteStream(fc.nat()),
          operation,
          async (cases, keyed, keyOnly, stream, op) => {
            const next = (below: number): number => (stream.next().value as number) % below;
            const leftOut = keyed && next(3) === 0 ? ({ keyOnly: true } as const) : {};
            const columns = cases.map((typeCase, i) => {
              const optional = i > 0 && next(2) === 0;
              const schema = { ...typeCase.schema, optional };
              const more = { schema, identity: i === 0, ...(i === 0 ? leftOut : {}) };
              const plain = column(typeCase, `c${i}`, i, more);
              return i > 0 && next(4) === 0 ? masked(plain, next(3)) : plain;
            });
            const table = tableOf(columns, keyed ? [0] : []);
            const value = (i: number, absent: boolean): string | null | undefined => {
              const { schema } = columns[i] as ColumnSchema;
              if (absent && i > 0 && next(3) === 0) return undefined;
              if (schema.optional && next(3) === 0) return null;
              const { text } = cases[i] as TypeCase;
              return fc.sample(text, { numRuns: 1, seed: next(1 << 30) })[0];
            };
            const image = (absent: boolean): RowImage =>
              RowImage.of(cases.map((_, i) => value(i, absent)));
            const old = op === 'd' || (op === 'u' && next(3) > 0);
            const isBinlog = next(2) === 0;
            const change: RowChange = {
              ...(isBinlog ? someBinlogOrigin(next) : somePostgresOrigin(next)),
              beforeIsKeyOnly: keyOnly,
              op,
              table,
              before: old ? image(false) : null,
              after: op === 'd' ? null : image(true),
            };
            const family = isBinlog ? BINLOG_OPTIONS : OPTIONS;
            const tombstonesOnDelete = next(2) === 0;
            const options = { ...family, tombstonesOnDelete, positionHeader: next(3) > 0 };
            const bench = await benchOf(table, wire, options, next(3) === 0);
            expect(bench.compiled(change)).toEqual(bench.general(change));
            const [compiled, general] = bench.truncated(change);
            expect(compiled).toEqual(general);
          },
        ),
        { numRuns: 60 },
      );
    });
  }
});

type Next = (below: number) => number;

function somePostgresOrigin(next: Next): ReturnType<typeof origin> {
  return origin({
    previousCommitLsn: next(2) === 0 ? null : lsn(12n),
    commitLsn: lsn(BigInt(next(1 << 30)) << 20n),
    ordinal: next(3) === 0 ? -1 : next(1 << 30),
    lsn: lsn(next(2) === 0 ? 18446744073709551615n : BigInt(next(1 << 30))),
    transactionId: next(2) === 0 ? null : 0xffffffff,
    xmin: next(2) === 0 ? null : 731n,
    replicatedFrom: next(2) === 0 ? null : { name: 'o "1"', lsn: lsn(7n) },
    snapshot: next(4) === 0 ? 'incremental' : 'false',
  });
}

function someBinlogOrigin(next: Next): ReturnType<typeof binlogOrigin> {
  const gtid = next(2) === 0 ? null : '0-223-7';
  return binlogOrigin({
    gtid,
    transactionId: next(3) === 0 ? null : (gtid ?? 'file=binlog.000001,pos=4'),
    pos: next(1 << 30),
    file: `binlog.${1 + next(2_000_000)}`,
    groupPos: next(1 << 30),
    ordinal: next(1 << 30),
    row: next(3),
    thread: next(2) === 0 ? null : next(1 << 30),
    query: next(2) === 0 ? null : 'INSERT INTO "t" VALUES (1)',
    snapshot: next(4) === 0 ? 'incremental' : 'false',
  });
}

/** As column masking leaves a column: the mask's text is what the format reads. */
function masked(plain: ColumnSchema, kind: number): ColumnSchema {
  const { optional } = plain.schema;
  const schema: ConnectSchema = { type: 'string', optional, parameters: { masked: 'true' } };
  const text: ColumnSchema = { ...plain, schema, format: { kind: 'string' } };
  if (kind === 0) return { ...text, mask: { kind: 'constant', text: '***' } };
  if (kind === 1) {
    const hash = { kind: 'hash', algorithm: 'sha256', salt: 's', version: 2, length: 20 } as const;
    return { ...text, mask: hash };
  }
  const isText = plain.format.kind === 'string';
  return isText ? { ...plain, mask: { kind: 'truncate', length: 2, unit: 'character' } } : plain;
}
