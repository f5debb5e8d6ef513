import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { LargeTransactions } from '../../../../src/source/postgres/stream/large-transactions.ts';

test('after a failure of the decoding, and of nothing else, they are left to the server', () => {
  const notes: string[] = [];
  const large = new LargeTransactions((text) => notes.push(text));
  const options = { largeTransactionMode: 'spool' as const };
  large.failed(new TidemarkError('PG_CONNECTION_LOST', 'gone'));
  large.failed(new Error('anything'));
  expect(large.applied(options)).toBe(options);
  large.failed(new TidemarkError('PG_DECODING', 'could not map filenumber'));
  large.failed(new TidemarkError('PG_DECODING', 'could not map filenumber'));
  expect(large.applied(options)).toEqual({ largeTransactionMode: 'server' });
  expect(notes).toHaveLength(1);
});
