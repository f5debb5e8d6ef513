import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { mapGeometries, sridsOf } from '../../../src/transform/debezium/geometry-values.ts';
import { changeRecord, ownOptions, plain } from '../../support/transform-records.ts';

const POINT: ConnectSchema = {
  type: 'struct',
  optional: true,
  name: 'io.debezium.data.geometry.Geometry',
  fields: [
    { name: 'wkb', schema: { type: 'bytes', optional: false } },
    { name: 'srid', schema: { type: 'int32', optional: true } },
  ],
};
const TABLE: ConnectSchema = {
  type: 'struct',
  optional: true,
  fields: [
    { name: 'one', schema: POINT },
    { name: 'many', schema: { type: 'array', optional: true, valueSchema: POINT } },
  ],
};
const point = { schema: POINT, values: [Buffer.from('ab'), 5] };
const record = changeRecord('c', null, [point, [point, null]], TABLE);

test('geometries are found wherever they stand', () => {
  const seen: unknown[] = [];
  const made = mapGeometries(record, true, (geometry) => {
    seen.push(geometry);
    return Buffer.from('x');
  });
  const seenOnce = { wkb: Buffer.from('ab'), srid: 5 };
  expect(seen).toEqual([seenOnce, seenOnce]);
  const changed = { schema: POINT, values: [Buffer.from('x'), 5] };
  expect(plain(made)?.['after']).toEqual({ schema: TABLE, values: [changed, [changed, null]] });
  expect(plain(record)?.['after']).toEqual({ schema: TABLE, values: [point, [point, null]] });
});

test('records without any stay the same object', () => {
  const other = changeRecord('c', null, [1, 'a', null]);
  expect(mapGeometries(other, true, ({ wkb }) => wkb)).toBe(other);
});

test('SRIDs are numbers', () => {
  const type = 'io.debezium.transforms.SwapGeometryCoordinates';
  expect(sridsOf(ownOptions(type))).toEqual(new Set([4326, 3857, 4269]));
  expect(() => sridsOf(ownOptions(type, { srids: '1,x' }))).toThrow('whole numbers');
});
