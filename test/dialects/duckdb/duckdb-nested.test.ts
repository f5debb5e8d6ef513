import { expect, test } from 'vitest';
import { castOf } from '../../../dialects/duckdb/duckdb-cells.ts';
import { duckdbScalar } from '../../../dialects/duckdb/duckdb-nested.ts';
import { FLOAT_VECTOR, POINT } from '../../../dialects/semantic-schemas.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

type Wanted = Omit<ConnectSchema, 'optional'>;

const list = (valueSchema: Wanted, source?: string): Wanted => ({
  type: 'array',
  valueSchema: { optional: true, ...valueSchema },
  ...(source === undefined ? {} : { parameters: { '__tidemark.source.type': source } }),
});
const decimal: Wanted = {
  type: 'bytes',
  name: 'org.apache.kafka.connect.data.Decimal',
  parameters: { scale: '3', 'connect.decimal.precision': '38' },
};
const text: Wanted = { type: 'string' };
const json: Wanted = { type: 'string', name: 'io.debezium.data.Json' };
const member: Wanted = { type: 'string', name: 'io.debezium.data.Enum' };
const digits = `${'9'.repeat(35)}.123`;

const CASES: readonly (readonly [Wanted, Exclude<ConnectValue, null>, string, string])[] = [
  [list({ type: 'int64' }), [2n ** 63n - 1n, null], 'BIGINT[]', '[9223372036854775807, NULL]'],
  [
    list({ type: 'float64' }),
    [-0, Number.NaN, 1e300, -Infinity],
    'DOUBLE[]',
    '[-0.0, nan, 1e+300, -inf]',
  ],
  [
    list(decimal),
    [{ unscaled: BigInt(digits.replace('.', '')), scale: 3 }],
    'DECIMAL(38,3)[]',
    `[${digits}]`,
  ],
  [list({ type: 'boolean' }), [true, null], 'BOOLEAN[]', '[true, NULL]'],
  [list({ type: 'bytes' }), [Buffer.from([0, 92, 255])], 'BLOB[]', String.raw`[\x00\x5C\xFF]`],
  [list(list(text)), [['a,b', null], []], 'VARCHAR[][]', "[['a,b', NULL], []]"],
  [list(json), ['{"a":1}'], 'JSON[]', '[{"a":1}]'],
  [list(member, 'mood[]'), ['x'], 'VARCHAR[]', '[x]'],
  [list(POINT), [{ schema: POINT, values: [1, 2, null, null] }], 'VARCHAR[]', "['(1,2)']"],
  [FLOAT_VECTOR, [0.5, -1], 'FLOAT[]', '[0.5, -1.0]'],
  [
    { type: 'map', valueSchema: { type: 'string', optional: true } },
    new Map([
      ['a"b', 'x'],
      ['n', null],
    ]),
    'MAP(VARCHAR, VARCHAR)',
    "{'a\"b'=x, n=NULL}",
  ],
  [
    POINT,
    { schema: POINT, values: [Number.NaN, -0, null, null] },
    'STRUCT(x DOUBLE, y DOUBLE)',
    "{'x': nan, 'y': -0.0}",
  ],
];

test.each(CASES)('%j', async (schema, value, type, shown) => {
  using database = await duckdbMemory();
  const scalar = duckdbScalar({ optional: true, ...schema });
  expect(scalar.ddl).toBe(type);
  const column = {
    name: 'v',
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
  const found = await database.rows({
    text: `SELECT ${castOf(column, '$1')}::VARCHAR AS v`,
    values: [scalar.text(value)],
  });
  expect(found.map((row) => String(row['v']).replaceAll(`\\"`, '"'))).toEqual([shown]);
});

test('other values than the schema says are refused', () => {
  const { text: shown } = duckdbScalar({ optional: true, ...list(text) });
  expect(() => shown('a')).toThrow(/should be an array/);
  expect(() => duckdbScalar({ type: 'array', optional: true })).toThrow(/names no elements/);
});
