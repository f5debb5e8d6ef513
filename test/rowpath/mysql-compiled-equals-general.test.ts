import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BinlogRowChange } from '../../src/model/change-event.ts';
import { RowImage, ValueKind } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import { benchOf, BINLOG_OPTIONS, binlogOrigin, tableOf, WIRES } from './encoder-harness.ts';
import { MYSQL_CASES } from './mysql-value-arbitraries.ts';
import type { MysqlCase } from './mysql-value-arbitraries.ts';

/** A row from the bytes of its columns; null is NULL. */
function imageOf(values: readonly (Buffer | null)[]): RowImage {
  const image = new RowImage();
  // Digits behind a value, so that an encoder which leaves its range is found out.
  const parts = values.map((value) => Buffer.concat([value ?? Buffer.alloc(0), Buffer.from('99')]));
  image.reset(Buffer.concat(parts), values.length);
  let at = 0;
  values.forEach((value, i) => {
    image.kinds[i] = value === null ? ValueKind.null : ValueKind.text;
    image.starts[i] = at;
    image.ends[i] = at + (value?.length ?? 0);
    at += (parts[i] as Buffer).length;
  });
  return image;
}

function tableFor({ name, schema, format }: MysqlCase): TableSchema {
  const column = (columnName: string, tupleIndex: number, optional: boolean): ColumnSchema => ({
    name: columnName,
    schema: { ...schema, optional },
    format,
    tupleIndex,
    sourceType: name,
    identity: false,
  });
  return tableOf([column('required', 0, false), column('nullable', 1, true)], []);
}

/** Schemas in front of the values change nothing of these. */
const VALUE_WIRES = WIRES.filter(({ name }) => name !== 'JSON with schemas');

describe('every type of MySQL, by the compiled path and by the general one', () => {
  for (const wire of VALUE_WIRES) {
    test.each(MYSQL_CASES.map((each) => [each.name, each] as const))(
      `%s in ${wire.name} (PITFALLS B66, B68, B69, B73, B74, B75, B76)`,
      async (_name, typeCase) => {
        const table = tableFor(typeCase);
        const bench = await benchOf(table, wire, BINLOG_OPTIONS);
        const { bytes } = typeCase;
        fc.assert(
          fc.property(bytes, fc.option(bytes), (required, nullable) => {
            const after = imageOf([required, nullable]);
            const origin = binlogOrigin();
            const change: BinlogRowChange = { ...origin, op: 'c', table, before: null, after };
            expect(bench.compiled(change)).toEqual(bench.general(change));
          }),
          { numRuns: 20 },
        );
      },
    );
  }
});

test('a converter of bytes gets each byte as a letter, by either path', async () => {
  const custom: MysqlCase = {
    name: 'custom',
    schema: { type: 'string', optional: false },
    format: {
      kind: 'custom',
      isRaw: true,
      convert: (text) => Buffer.from(text, 'latin1').toString('hex'),
    },
    bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  };
  const table = tableFor(custom);
  for (const wire of WIRES) {
    const bench = await benchOf(table, wire, BINLOG_OPTIONS);
    fc.assert(
      fc.property(custom.bytes, fc.option(custom.bytes), (required, nullable) => {
        const after = imageOf([required, nullable]);
        const origin = binlogOrigin();
        const change: BinlogRowChange = { ...origin, op: 'c', table, before: null, after };
        const compiled = bench.compiled(change);
        expect(compiled).toEqual(bench.general(change));
        expect(compiled[0]?.value).toContain(required.toString('hex'));
      }),
    );
  }
});
