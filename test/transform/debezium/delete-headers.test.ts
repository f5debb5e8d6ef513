import { expect, test } from 'vitest';
import { DeleteHeaders } from '../../../src/transform/debezium/delete-headers.ts';
import { tombstone } from '../../support/transform-records.ts';

const ADDED = [{ name: 'op', schema: { type: 'string', optional: true } as const, value: 'd' }];

test('a tombstone with the list of its delete gets what that got, once', () => {
  const headers = new DeleteHeaders();
  const shared = tombstone();
  headers.passed(shared, ADDED);
  expect(headers.ofTombstone({ ...shared })).toEqual(ADDED);
  expect(headers.ofTombstone(shared)).toEqual([]);
});

test('a tombstone with a list of its own gets nothing, nor one behind another event', () => {
  const headers = new DeleteHeaders();
  const shared = tombstone();
  headers.passed(shared, ADDED);
  expect(headers.ofTombstone(tombstone())).toEqual([]);
  headers.passed(shared, ADDED);
  headers.passed(shared, null);
  expect(headers.ofTombstone(shared)).toEqual([]);
});
