import * as library from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StagedRows } from '../../../dialects/dialect.ts';
import { plainReader } from '../../../src/sink/sql/duckdb-plain-values.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

/** Texts that are read here, and texts that are left to DuckDB, which reads or refuses them. */
const TEXTS: Readonly<Record<string, readonly [read: string[], left: string[]]>> = {
  TINYINT: [
    ['0', '-128', '127', '-0'],
    ['128', '-129', '1.5', ' 1', '', '0x10', '1e2'],
  ],
  SMALLINT: [
    ['-32768', '32767'],
    ['32768', '+1'],
  ],
  INTEGER: [
    ['-2147483648', '2147483647', '007'],
    ['2147483648', '1_000'],
  ],
  BIGINT: [
    ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    ['9223372036854775808', '12345678901234567890123', '1.0'],
  ],
  UTINYINT: [
    ['0', '255'],
    ['256', '-1'],
  ],
  USMALLINT: [['65535'], ['65536']],
  UINTEGER: [['4294967295'], ['4294967296']],
  UBIGINT: [
    ['18446744073709551615', '1'],
    ['18446744073709551616', '-1'],
  ],
  FLOAT: [
    ['0.5', '-0', '16777216', '0.10000000149011612'],
    ['0.1', '1e300', 'NaN', 'Infinity', '16777217'],
  ],
  DOUBLE: [
    ['0.1', '-0', '1e300', '5e-324', '1.7976931348623157e+308'],
    ['NaN', '-Infinity', '1e400', '', '.5', 'x'],
  ],
  BOOLEAN: [
    ['true', 'false'],
    ['t', '1', 'TRUE', ''],
  ],
  'DECIMAL(4,2)': [
    ['0', '-0.01', '99.99', '1.5', '-99'],
    ['100', '1.005', '1e1', '.5'],
  ],
  'DECIMAL(9,0)': [
    ['999999999', '-1'],
    ['1.5', '1234567890'],
  ],
  'DECIMAL(18,18)': [['0.123456789012345678', '-0.000000000000000001'], ['1']],
  'DECIMAL(38,10)': [['-1234567890123456789012345678.0123456789'], ['1e5']],
  DATE: [
    ['1970-01-01', '1000-01-01', '2024-02-29', '9999-12-31', '1582-10-10'],
    ['0999-12-31', '2023-02-29', '0044-03-15 (BC)', 'infinity', '12345-01-01', '2024-1-1'],
  ],
  TIMESTAMP: [
    ['2024-02-29 23:59:59', '1969-12-31 23:59:59.999999', '9999-12-31 00:00:00.1'],
    ['2024-01-01 24:00:00', '2024-01-01 10:00:00.1234567', '-infinity', '2024-01-01'],
  ],
  'TIMESTAMP WITH TIME ZONE': [
    ['2024-02-29 23:59:59+00', '1969-12-31 23:59:59.999999000Z', '9999-12-31 00:00:00.1Z'],
    ['2024-01-01 00:00:00+01', '2024-01-01 00:00:00', 'infinity', '0044-03-15 00:00:00 (BC)+00'],
  ],
};

function staged(type: string, cells: readonly string[]): StagedRows {
  return { table: 'temp.main.cells', types: [type], columns: [cells] };
}

describe.each(Object.entries(TEXTS))('%s (S22)', (type, [read, left]) => {
  const reader = plainReader(type, library);

  test('what is read here is what DuckDB reads', async () => {
    using database = await duckdbMemory();
    expect(read.map((text) => reader?.read(text)).includes(undefined)).toBe(false);
    await database.rows({ text: 'SELECT 1', values: [], staged: staged(type, read) });
    const found = await database.texts('SELECT typeof(k0), k0 FROM temp.main.cells');
    const list = read.map((text) => `('${text}')`).join(', ');
    const cast = `SELECT typeof(v::${type}), v::${type} FROM (VALUES ${list}) AS t(v)`;
    expect(found).toEqual(await database.texts(cast));
  });

  test('of other texts the column stays one of texts', async () => {
    using database = await duckdbMemory();
    for (const text of left) {
      expect(reader?.read(text)).toBeUndefined();
      const cells = [...read, text];
      await database.rows({ text: 'SELECT 1', values: [], staged: staged(type, cells) });
      const found = await database.texts('SELECT typeof(k0), k0 FROM temp.main.cells');
      expect(found).toEqual(cells.map((cell) => `VARCHAR ${cell}`));
    }
  });
});

test('types that DuckDB reads all by itself', () => {
  const types = ['VARCHAR', 'UUID', 'JSON', 'BLOB', 'INTERVAL', 'TIME', 'INTEGER[]', 'HUGEINT'];
  expect(types.map((type) => plainReader(type, library))).toEqual(types.map(() => null));
});

/** Instants of the years 1000 to 9999, with any fraction. */
const micros = fc.bigInt({ min: -30_610_224_000_000_000n, max: 253_402_300_799_999_999n });

test('any instant, number and decimal is read as DuckDB reads it (S22)', async () => {
  using database = await duckdbMemory();
  const rows = fc.array(
    fc.tuple(micros, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt(-9n, 99n)),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(rows, async (cells) => {
      const list = cells.map(([at]) => `(make_timestamp(${at}))`).join(', ');
      const instants = await database.texts(`SELECT v FROM (VALUES ${list}) AS t(v)`);
      const texts = [
        instants,
        cells.map(([, d]) => (Object.is(d, -0) ? '-0' : String(d))),
        cells.map(([, , n]) => `${n}.50`),
      ];
      const types = ['TIMESTAMP', 'DOUBLE', 'DECIMAL(4,2)'];
      const table = 'temp.main.cells';
      const rowsOf = { table, types, columns: texts };
      await database.rows({ text: 'SELECT 1', values: [], staged: rowsOf });
      expect(
        await database.rows(`SELECT typeof(k0) AS a, typeof(k1) AS b FROM ${table} LIMIT 1`),
      ).toEqual([{ a: 'TIMESTAMP', b: 'DOUBLE' }]);
      const asTexts = await database.rows(
        `SELECT epoch_us(k0)::VARCHAR AS at, k1 AS d, k2::VARCHAR AS n FROM ${table}`,
      );
      expect(asTexts).toEqual(cells.map(([at, d, n]) => ({ at: String(at), d, n: `${n}.50` })));
    }),
    { numRuns: 60 },
  );
});
