import { expect, test } from 'vitest';
import { schemaOfVersion, StoredShapes } from '../../src/runtime/stored-shapes.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { column, schemaOf, shape } from '../support/shape-fixtures.ts';

const PLACE = { position: '0/1', atMs: 1, ddl: null };
const schema = schemaOf({
  id: { type: 'int32', optional: false },
  big: { type: 'int64', optional: true, default: 9_007_199_254_740_993n },
});

test('versions of tables, by pipeline, with the records that they had', async () => {
  const documents = new MemoryDocuments();
  const [shapes, others] = ['a', 'b'].map((name) => new StoredShapes(documents, name));
  const first = shape([column('id')]);
  await shapes?.store('public.t', { ...PLACE, event: null, after: { shape: first, schema } });
  await shapes?.store('public.t', { ...PLACE, event: 'x', after: null, rewritten: 'r1' });
  await shapes?.store('public.s', { ...PLACE, event: 'x', after: { shape: first, schema: null } });
  expect(shapes?.tables()).toEqual(['public.s', 'public.t']);
  expect(others?.tables()).toEqual([]);
  expect(others?.known('public.t')).toBeNull();
  expect(shapes?.known('public.t')).toMatchObject({ version: 2, shape: null, rewritten: 'r1' });
  expect(shapes?.hasStored('public.t', 'x')).toBe(true);
  const versions = shapes?.versions('public.t') ?? [];
  expect(versions.map(({ version, shape: of }) => [version, of])).toEqual([
    [1, first],
    [2, null],
  ]);
  const [stored, gone] = versions.map(schemaOfVersion);
  // Numbers beyond 2^53 survive.
  expect(stored?.columns.map(({ name, schema: of }) => [name, of])).toEqual(
    schema.columns.map(({ name, schema: of }) => [name, of]),
  );
  expect(gone).toBeNull();
});

test('a table that changes for ever keeps a bounded history', async () => {
  const documents = new MemoryDocuments();
  const shapes = new StoredShapes(documents, 'a');
  const after = { shape: shape([]), schema: null };
  for (let i = 0; i < 510; i++) await shapes.store('t', { ...PLACE, event: String(i), after });
  const versions = shapes.versions('t').map(({ version }) => version);
  expect([versions.length, versions[0], versions.at(-1)]).toEqual([500, 11, 510]);
  expect(documents.entries('table-shape-versions')).toHaveLength(500);
});
