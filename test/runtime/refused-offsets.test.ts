import { expect, test } from 'vitest';
import { RefusedOffsets } from '../../src/runtime/refused-offsets.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const at = { topic: 't', partition: 2, generation: 7, offset: 500 };

test('an offset is refused by every later process, until the sink has been moved', async () => {
  const documents = new MemoryDocuments();
  const refused = new RefusedOffsets(documents, 'warehouse');
  expect(refused.has(at)).toBe(false);
  await refused.add(at);
  await refused.add(at);
  expect(documents.writes).toBe(1);
  const later = new RefusedOffsets(documents, 'warehouse');
  expect(later.has(at)).toBe(true);
  expect(later.has({ ...at, offset: 0 })).toBe(false);
  expect(later.has({ ...at, generation: 8 })).toBe(false);
  expect(later.has({ ...at, partition: 1 })).toBe(false);
  expect(new RefusedOffsets(documents, 'other').has(at)).toBe(false);
});
