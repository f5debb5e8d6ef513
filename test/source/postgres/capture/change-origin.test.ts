import { expect, test } from 'vitest';
import type { PostgresRowChange } from '../../../../src/model/change-event.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import {
  originOf,
  originOfMessage,
} from '../../../../src/source/postgres/capture/change-origin.ts';

test('an origin is a copy of its own', () => {
  const change = {
    op: 'c',
    before: null,
    after: null,
    beforeIsKeyOnly: false,
    family: 'postgres',
    lsn: lsn(1n),
    commitLsn: lsn(2n),
    previousCommitLsn: null,
    ordinal: 3,
    transactionId: 4,
    xmin: 6n,
    replicatedFrom: null,
    sourceMicros: 5n,
    snapshot: 'false',
  } as unknown as PostgresRowChange;
  const origin = originOf(change);
  change.ordinal = 9;
  expect(origin).toEqual({
    family: 'postgres',
    lsn: 1n,
    commitLsn: 2n,
    previousCommitLsn: null,
    ordinal: 3,
    transactionId: 4,
    xmin: 6n,
    replicatedFrom: null,
    sourceMicros: 5n,
    snapshot: 'false',
  });
});

test('a message between transactions is its own transaction', () => {
  expect(originOfMessage(lsn(7n), lsn(6n), 8n)).toMatchObject({
    family: 'postgres',
    lsn: 7n,
    commitLsn: 7n,
    previousCommitLsn: 6n,
    ordinal: 0,
    transactionId: null,
    sourceMicros: 8n,
  });
});
