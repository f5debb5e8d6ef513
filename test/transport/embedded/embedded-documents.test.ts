import { expect, test } from 'vitest';
import { EmbeddedDocuments } from '../../../src/transport/embedded/embedded-documents.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a large document and an empty one come back; a bad name writes none of its set', async () => {
  using folder = temporaryFolder();
  await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 1e8 });
  const documents = new EmbeddedDocuments(store);
  const large = 'é'.repeat(100_000);
  await documents.write([
    { collection: 'c', key: 'large', value: large },
    { collection: 'c', key: 'empty', value: '' },
  ]);
  expect(documents.get('c', 'large')).toBe(large);
  expect(documents.get('c', 'empty')).toBe('');
  const bad = [
    { collection: 'c', key: 'good', value: 'x' },
    { collection: 'c', key: 'bad\0', value: 'x' },
  ];
  await expect(documents.write(bad)).rejects.toThrow('NUL');
  expect(documents.get('c', 'good')).toBeNull();
});
