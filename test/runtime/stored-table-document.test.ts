import { expect, test } from 'vitest';
import { StoredTableDocument } from '../../src/runtime/stored-table-document.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

test('each table of each pipeline has a text of its own', async () => {
  const documents = new MemoryDocuments();
  const shop = new StoredTableDocument(documents, 'shop');
  const other = new StoredTableDocument(documents, 'other');
  expect(shop.load('public.a')).toBeNull();
  await shop.store('public.a', 'one');
  await shop.store('public.b', 'two');
  await shop.store('public.a', 'three');
  expect([shop.load('public.a'), shop.load('public.b')]).toEqual(['three', 'two']);
  expect(other.load('public.a')).toBeNull();
  expect(new StoredTableDocument(documents, 'shop').load('public.a')).toBe('three');
});
