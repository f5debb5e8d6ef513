import { expect, test } from 'vitest';
import { KnownTableDocument } from '../../src/runtime/known-table-document.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

test('names are kept for each pipeline, and nothing is known at first', async () => {
  const documents = new MemoryDocuments();
  const known = new KnownTableDocument(documents, 'shop');
  expect(known.load()).toBeNull();
  await known.store(['public.b', 'public.a']);
  expect(known.load()).toEqual(['public.a', 'public.b']);
  await known.store(['public.a', 'public.b']);
  expect(new KnownTableDocument(documents, 'other').load()).toBeNull();
});
