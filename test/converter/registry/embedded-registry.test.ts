import { describe, expect, test } from 'vitest';
import { EmbeddedRegistry } from '../../../src/converter/registry/embedded-registry.ts';
import { MemoryDocuments } from '../../support/memory-documents.ts';

const A = '{"type":"record","name":"R","fields":[{"name":"id","type":"int"}]}';
const B =
  '{"type":"record","name":"R","fields":[{"name":"id","type":"int"},' +
  '{"name":"v","type":["null","string"],"default":null}]}';
const INCOMPATIBLE = '{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}';

function setUp() {
  const documents = new MemoryDocuments();
  return { documents, registry: new EmbeddedRegistry(documents) };
}

const refused = (registryCode: number) => expect.objectContaining({ registryCode }) as Error;

describe('ids and versions', () => {
  test('ids are dense and global, one schema has one id, versions count per subject', async () => {
    const { registry } = setUp();
    expect(await registry.register('a-value', A)).toBe(1);
    expect(await registry.register('b-value', B)).toBe(2);
    expect(await registry.register('b-value', A)).toBe(1);
    expect(await registry.register('a-value', A)).toBe(1);
    expect(await registry.register('a-value', B)).toBe(2);
    expect(registry.versions('a-value')).toEqual([1, 2]);
    expect(registry.versionsOfId(1)).toEqual([
      { subject: 'a-value', version: 1 },
      { subject: 'b-value', version: 2 },
    ]);
    expect(registry.subjects()).toEqual(['a-value', 'b-value']);
    expect(await registry.schemaById(2)).toBe(B);
  });

  test('layout does not make another schema (PITFALLS C16)', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    const laidOut = JSON.stringify(JSON.parse(A), null, 2);
    expect(await registry.register('s', laidOut)).toBe(1);
    expect(registry.lookup('s', laidOut)).toEqual({ subject: 's', version: 1, id: 1, schema: A });
  });

  test('registrations at the same moment do not share an id', async () => {
    const { registry } = setUp();
    const schemas = Array.from({ length: 20 }, (_, i) => A.replace('"R"', `"R${i % 10}"`));
    const ids = await Promise.all(schemas.map((schema, i) => registry.register(`s${i}`, schema)));
    expect(new Set(ids.slice(0, 10)).size).toBe(10);
    expect(ids.slice(10)).toEqual(ids.slice(0, 10));
    expect(Math.max(...ids)).toBe(10);
  });

  test('an id is handed out only after it is durable', async () => {
    const { documents, registry } = setUp();
    documents.hold();
    let id: number | null = null;
    const pending = registry.register('s', A).then((given) => (id = given));
    await new Promise(setImmediate);
    expect(id).toBeNull();
    await expect(registry.schemaById(1)).rejects.toThrow(refused(40403));
    documents.release();
    await pending;
    expect(await registry.schemaById(1)).toBe(A);
  });

  test('a write that fails leaves nothing behind, and the next one is not hurt', async () => {
    const { documents, registry } = setUp();
    const write = documents.write.bind(documents);
    documents.write = () => Promise.reject(new Error('disk full'));
    await expect(registry.register('s', A)).rejects.toThrow('disk full');
    documents.write = write;
    expect(await registry.register('s', B)).toBe(1);
    expect(await registry.register('s', A)).toBe(2);
  });

  test('another registry over the same documents goes on', async () => {
    const { documents, registry } = setUp();
    await registry.register('s', A);
    const next = new EmbeddedRegistry(documents);
    expect(await next.register('t', A)).toBe(1);
    expect(await next.register('s', B)).toBe(2);
    expect(next.version('s', 'latest')).toEqual({ subject: 's', version: 2, id: 2, schema: B });
  });
});

describe('compatibility', () => {
  test('BACKWARD is the default; a refusal names subject, level and reason', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await expect(registry.register('s', INCOMPATIBLE)).rejects.toThrow(
      expect.objectContaining({
        code: 'SCHEMA_INCOMPATIBLE',
        registryCode: 409,
        message: expect.stringMatching(
          /"s" \(compatibility BACKWARD\).*id: string cannot be read from int/,
        ) as string,
        cure: expect.stringContaining('PUT /config/s') as string,
      }),
    );
    expect(registry.versions('s')).toEqual([1]);
  });

  test("a subject's own level stands before the global one (C36)", async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await registry.register('t', A);
    await registry.setCompatibility('s', 'NONE');
    expect(await registry.register('s', INCOMPATIBLE)).toBe(2);
    await expect(registry.register('t', INCOMPATIBLE)).rejects.toThrow(refused(409));
    await registry.setCompatibility(undefined, 'NONE');
    expect(await registry.register('t', INCOMPATIBLE)).toBe(2);
    expect(await registry.deleteCompatibility('s')).toBe('NONE');
    expect(registry.ownCompatibility('s')).toBeNull();
    await expect(registry.deleteCompatibility('s')).rejects.toThrow(refused(40408));
    await expect(registry.setCompatibility('s', 'SOME')).rejects.toThrow(refused(42203));
  });

  test('problems are told without registering', async () => {
    const { registry, documents } = setUp();
    await registry.register('s', A);
    const writes = documents.writes;
    expect(registry.problems('s', 'latest', B)).toEqual([]);
    expect(registry.problems('s', 1, INCOMPATIBLE)).toHaveLength(1);
    expect(() => registry.problems('s', 9, B)).toThrow(refused(40402));
    expect(() => registry.problems('none', 'all', B)).toThrow(refused(40401));
    expect(documents.writes).toBe(writes);
  });
});

describe('deleting', () => {
  test('soft, then hard; ids stay readable, for records may name them', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await registry.register('s', B);
    await expect(registry.deleteVersion('s', 1, true)).rejects.toThrow(refused(40407));
    expect(await registry.deleteVersion('s', 1)).toBe(1);
    expect(registry.versions('s')).toEqual([2]);
    expect(registry.versions('s', true)).toEqual([1, 2]);
    expect(() => registry.version('s', 1)).toThrow(refused(40402));
    expect(await registry.deleteVersion('s', 1, true)).toBe(1);
    expect(registry.versions('s', true)).toEqual([2]);
    await expect(registry.deleteSubject('s', true)).rejects.toThrow(refused(40405));
    expect(await registry.deleteSubject('s')).toEqual([2]);
    expect(registry.subjects()).toEqual([]);
    expect(registry.subjects(true)).toEqual(['s']);
    expect(await registry.deleteSubject('s', true)).toEqual([2]);
    expect(registry.subjects(true)).toEqual([]);
    await expect(registry.deleteSubject('s')).rejects.toThrow(refused(40401));
    expect(await registry.schemaById(1)).toBe(A);
  });

  test('a deleted schema that comes back gets its id and a new version', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await registry.deleteSubject('s');
    expect(await registry.register('s', A)).toBe(1);
    expect(registry.versions('s')).toEqual([2]);
  });

  test('deleted versions do not hold new schemas back', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await registry.deleteSubject('s');
    expect(await registry.register('s', INCOMPATIBLE)).toBe(2);
  });
});

describe('modes', () => {
  test('READONLY refuses new schemas, knows old ones', async () => {
    const { registry } = setUp();
    await registry.register('s', A);
    await registry.setMode(undefined, 'READONLY');
    expect(await registry.register('s', A)).toBe(1);
    await expect(registry.register('s', B)).rejects.toThrow(refused(42205));
    await registry.setMode('s', 'READWRITE');
    expect(await registry.register('s', B)).toBe(2);
    await expect(registry.setMode('s', 'OPEN')).rejects.toThrow(refused(42204));
  });
});
