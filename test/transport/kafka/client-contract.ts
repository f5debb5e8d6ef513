import { describe, test } from 'vitest';
import type { OpenClient } from './client-contract-fixtures.ts';
import { adminContract } from './client-contract-of-admins.ts';
import { groupContract } from './client-contract-of-groups.ts';
import { producerContract, transactionContract } from './client-contract-of-producers.ts';
import { readerContract } from './client-contract-of-readers.ts';

/** What every client must do: each sentence of `kafka-client.ts`, before a real broker. */
export function clientContract(name: string, open: OpenClient): void {
  const parts = {
    admin: adminContract,
    producers: producerContract,
    transactions: transactionContract,
    readers: readerContract,
    groups: groupContract,
  };
  for (const [part, sentences] of Object.entries(parts)) {
    describe(`${name}: ${part}`, () => {
      test.each(Object.entries(sentences))('%s', (_, run) => run(open));
    });
  }
}
