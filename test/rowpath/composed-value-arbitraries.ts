import fc from 'fast-check';
import {
  CIRCLE,
  DOUBLE_VECTOR,
  GEOMETRY,
  LINE,
  POINT,
  SHAPE,
  SPARSE_VECTOR,
  STRUCTURED,
} from '../../dialects/semantic-schemas.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { GeometricShape, StructuredPart } from '../../src/model/table-schema.ts';
import type { TypeCase } from './value-arbitraries.ts';
import {
  arrayOf,
  doubles,
  floats,
  interval,
  nested,
  numerics,
  quoted,
  required,
  SCALAR_CASES,
  shortDate,
  time,
  timestamp,
} from './value-arbitraries.ts';

const bits = fc.array(fc.constantFrom('0', '1'), { maxLength: 70 }).map((list) => list.join(''));

const hstore = fc
  .uniqueArray(fc.tuple(fc.string(), fc.option(fc.string())), { selector: ([key]) => key })
  .map((pairs) =>
    pairs.map(([key, value]) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(value)}`),
  )
  .map((pairs) => pairs.join(', '));

const point = fc.tuple(doubles, doubles).map(([x, y]) => `(${x},${y})`);
const points = fc.array(point, { minLength: 1, maxLength: 4 }).map((list) => list.join(','));

const money = fc
  .tuple(
    fc.boolean(),
    numerics(2).map((text) => text.replace('-', '')),
  )
  .map(([negative, amount]) => `${negative ? '-' : ''}$${amount}`);

const geometric = (shape: GeometricShape, text: fc.Arbitrary<string>): TypeCase => ({
  name: shape,
  schema: shape === 'point' ? POINT : shape === 'line' ? LINE : shape === 'circle' ? CIRCLE : SHAPE,
  format: { kind: 'geometric', shape },
  text,
});

const structured = (part: StructuredPart, text: fc.Arbitrary<string>): TypeCase => ({
  name: `structured ${part}`,
  schema: STRUCTURED[part],
  format: { kind: 'structured', part, digits: 6 },
  text,
});

/** Types that have no fast path: what is held here is the wiring. */
const GENERAL_CASES: readonly TypeCase[] = [
  {
    name: '"char"',
    schema: { type: 'string', optional: false },
    format: { kind: 'byte-text' },
    text: fc.constantFrom('', 'q', '"', String.raw`\377`),
  },
  {
    name: 'bit(1)',
    schema: { type: 'boolean', optional: false },
    format: { kind: 'bit' },
    text: fc.constantFrom('0', '1'),
  },
  {
    name: 'varbit',
    schema: required('bytes', 'io.debezium.data.Bits'),
    format: { kind: 'bits' },
    text: bits,
  },
  {
    name: 'money',
    schema: { ...required('bytes', DECIMAL), parameters: { scale: '3' } },
    format: { kind: 'money', as: 'decimal', printed: 2, scale: 3 },
    text: money,
  },
  {
    name: 'money string',
    schema: { type: 'string', optional: false },
    format: { kind: 'money', as: 'string', printed: 2, scale: 2 },
    text: money,
  },
  {
    name: 'hstore json',
    schema: required('string', 'io.debezium.data.Json'),
    format: { kind: 'hstore', as: 'json' },
    text: hstore,
  },
  {
    name: 'hstore map',
    schema: {
      type: 'map',
      optional: false,
      keySchema: { type: 'string', optional: false },
      valueSchema: { type: 'string', optional: true },
    },
    format: { kind: 'hstore', as: 'map' },
    text: hstore,
  },
  geometric('point', point),
  geometric(
    'line',
    fc.tuple(doubles, doubles, doubles).map((parts) => `{${parts.join(',')}}`),
  ),
  geometric(
    'lseg',
    fc.tuple(point, point).map((both) => `[${both.join(',')}]`),
  ),
  geometric(
    'box',
    fc.tuple(point, point).map((both) => both.join(',')),
  ),
  geometric(
    'path',
    fc.tuple(fc.boolean(), points).map(([open, list]) => (open ? `[${list}]` : `(${list})`)),
  ),
  geometric(
    'polygon',
    points.map((list) => `(${list})`),
  ),
  geometric(
    'circle',
    fc.tuple(point, doubles).map(([center, radius]) => `<${center},${radius}>`),
  ),
  {
    name: 'geometry',
    schema: GEOMETRY,
    format: { kind: 'ewkb' },
    text: fc.constantFrom(
      '0101000020E6100000B515FBCBEED76540787AA52C435C42C0',
      '010700000000000000',
    ),
  },
  {
    name: 'vector',
    schema: DOUBLE_VECTOR,
    format: { kind: 'vector' },
    text: fc.array(floats).map((list) => `[${list.join(',')}]`),
  },
  {
    name: 'sparsevec',
    schema: SPARSE_VECTOR,
    format: { kind: 'sparse-vector' },
    text: fc.constantFrom('{}/5', '{1:0.5,3:2}/5'),
  },
  {
    name: 'opaque',
    schema: { type: 'bytes', optional: false },
    format: { kind: 'opaque', encoding: 'bytes' },
    text: fc.string(),
  },
  structured('date', fc.oneof(shortDate, fc.constantFrom('0044-03-15 BC', 'infinity'))),
  structured('time', time(6)),
  structured(
    'timestamp',
    fc.oneof(timestamp(6, ''), fc.constantFrom('0044-03-15 12:00:00.5 BC', '-infinity')),
  ),
  structured(
    'zoned-time',
    fc.tuple(time(6), fc.constantFrom('+00', '-15:59', '+05:53:28')).map((p) => p.join('')),
  ),
  structured('zoned-timestamp', timestamp(6, '+00')),
  structured('duration', interval),
];

const LENGTHS = required('struct', 'acme.Lengths');

/** What custom converters make of texts. */
const CUSTOM_CASES: readonly TypeCase[] = [
  {
    name: 'custom int64 with a default',
    schema: { type: 'int64', optional: false, default: 5n },
    format: { kind: 'custom', convert: (text) => BigInt(text.length) },
    text: fc.string(),
  },
  {
    name: 'custom struct',
    schema: { ...LENGTHS, fields: [{ name: 'n', schema: { type: 'int32', optional: true } }] },
    format: {
      kind: 'custom',
      convert: (text) => ({
        schema: LENGTHS,
        values: [text === '' ? null : text.length],
      }),
    },
    text: fc.string(),
  },
];

/** Every type, arrays of every type, and some of two dimensions. */
export const TYPE_CASES: readonly TypeCase[] = [
  ...SCALAR_CASES,
  ...GENERAL_CASES,
  ...CUSTOM_CASES,
  ...SCALAR_CASES.map(arrayOf),
  ...GENERAL_CASES.map(arrayOf),
  ...SCALAR_CASES.slice(0, 2).map(nested),
];
