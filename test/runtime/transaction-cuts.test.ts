import { expect, test } from 'vitest';
import { TransactionCuts } from '../../src/runtime/transaction-cuts.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const APPLIED = { recent: [['7', null, '7:9']], range: ['a', 'b'] } as const;

const at = (offset: number, topic = 'a') => ({ topic, partition: 0, offset });

function committing(documents: MemoryDocuments, fails = false) {
  const log: string[] = [];
  const cuts = new TransactionCuts(documents, 'warehouse');
  const consumer = {
    commit: (): Promise<void> => {
      log.push(`commit after ${documents.writes} writes`);
      return fails ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  };
  return {
    log,
    cuts,
    group: (isCut = true) => cuts.committing(consumer, () => (isCut ? APPLIED : null)),
  };
}

test('the document is durable before the group is', async () => {
  const documents = new MemoryDocuments();
  const { log, group } = committing(documents);
  await group().commit([at(5)]);
  expect(log).toEqual(['commit after 1 writes']);
  expect(new TransactionCuts(documents, 'warehouse').find([at(5)])).toEqual({
    applied: APPLIED,
  });
});

test('a crash between the two leaves the group at the cut before', async () => {
  const documents = new MemoryDocuments();
  await committing(documents)
    .group()
    .commit([at(5), at(7, 'b')]);
  const second = committing(documents, true);
  second.cuts.find([at(5), at(7, 'b')]);
  await expect(second.group().commit([at(9), at(8, 'b')])).rejects.toThrow('no');
  const found = (a: number, b: number) =>
    new TransactionCuts(documents, 'warehouse').find([at(a), at(b, 'b')]) !== null;
  expect([found(5, 7), found(9, 8), found(9, 7), found(6, 7)]).toEqual([true, true, false, false]);
});

test('a group that somebody moved, or another sink, is nowhere that is known', async () => {
  const documents = new MemoryDocuments();
  const { group } = committing(documents);
  await group().commit([at(5)]);
  await group(false).commit([at(6)]);
  expect(new TransactionCuts(documents, 'warehouse').find([at(6)])).toBeNull();
  expect(new TransactionCuts(documents, 'other').find([at(5)])).toBeNull();
});

test('a topic that is new is at its beginning', async () => {
  const documents = new MemoryDocuments();
  await committing(documents)
    .group()
    .commit([at(5)]);
  expect(new TransactionCuts(documents, 'warehouse').find([at(5), at(0, 'new')])).not.toBeNull();
});
