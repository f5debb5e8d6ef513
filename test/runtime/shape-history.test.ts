import { expect, test } from 'vitest';
import { exportedShape, versionAt } from '../../src/runtime/shape-history.ts';
import type { ShapeVersion } from '../../src/runtime/stored-shapes.ts';
import { StoredShapes } from '../../src/runtime/stored-shapes.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { column, schemaOf, shape } from '../support/shape-fixtures.ts';

const HOUR_MS = 3_600_000;

async function history(...positions: readonly string[]): Promise<readonly ShapeVersion[]> {
  const shapes = new StoredShapes(new MemoryDocuments(), 'shop');
  for (const [i, position] of positions.entries()) {
    const schema = schemaOf({
      id: { type: 'int32', optional: false },
      [`c${i}`]: { type: 'string', optional: true },
    });
    const after = { shape: shape([column('id'), column(`c${i}`)]), schema };
    const place = { event: String(i), position, atMs: i * HOUR_MS, ddl: null };
    await shapes.store('public.t', { ...place, after });
  }
  return shapes.versions('public.t');
}

test.each([
  [null, 3],
  ['2', 2],
  ['99', 3],
  ['16/B374D848', 1],
  ['16/b374d84a', 2],
  ['17/0', 3],
  ['1970-01-01T01:30Z', 2],
])('of PostgreSQL at %s it is version %d', async (at, wanted) => {
  const versions = await history('16/B374D847', '16/B374D849', '16/FF000000');
  expect(versionAt(versions, at).version).toBe(wanted);
});

test.each([
  ['binlog.000009:500', 1],
  ['binlog.000010:4', 2],
  ['binlog.000010:99', 3],
])('of a binlog at %s it is version %d, also where positions have GTIDs', async (at, wanted) => {
  const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:7';
  const own = ['binlog.000009:400', 'binlog.000010:4', `${uuid} (binlog.000010:44)`];
  expect(versionAt(await history(...own), at).version).toBe(wanted);
});

test('what is before the first one, or no place at all, is refused', async () => {
  const versions = await history('16/B374D847');
  expect(() => versionAt(versions, '0/1')).toThrow('nothing is known of public.t at 0/1');
  expect(() => versionAt(versions, '0')).toThrow('nothing is known');
  expect(() => versionAt(versions, 'yesterday')).toThrow('no version, no position and no time');
});

test('records of any version, in three languages', async () => {
  const config = parsedPipeline();
  const version = versionAt(await history('0/1', '0/2'), '1');
  const avro = JSON.parse(exportedShape(config, version, 'avro', 'row')) as { fields: unknown[] };
  expect(avro.fields).toEqual([
    { name: 'id', type: 'int' },
    { name: 'c0', type: ['null', 'string'], default: null },
  ]);
  expect(JSON.parse(exportedShape(config, version, 'json-schema', 'key'))).toMatchObject({
    type: 'object',
    properties: { id: { type: 'integer' } },
  });
  const types = exportedShape(config, version, 'typescript', 'envelope');
  expect(types).toContain('export interface ShopPublicTEnvelope {');
  expect(types).toContain('readonly c0: string | null;');
  const gone = { ...version, shape: null, schema: null };
  expect(() => exportedShape(config, gone, 'avro', 'row')).toThrow('has no row');
});
