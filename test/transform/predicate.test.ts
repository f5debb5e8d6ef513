import { expect, test } from 'vitest';
import { ResolvedOptions } from '../../src/config/option.ts';
import { predicateOf } from '../../src/transform/predicate.ts';
import { changeRecord, tombstone } from '../support/transform-records.ts';

const options = (values: Record<string, string>): ResolvedOptions =>
  new ResolvedOptions(new Map(Object.entries(values)), []);
const change = changeRecord('c', null, [1, 'a', 'b']);

test('a topic has to match as a whole', () => {
  const test = (pattern: string): boolean =>
    predicateOf({ type: 'TopicNameMatches', options: options({ pattern }) })(change);
  expect(['p\\.public\\..*', 'public', 'x|p.public.t', '(?i)P.PUBLIC.T'].map(test)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test('a header by its name', () => {
  const test = predicateOf({ type: 'HasHeaderKey', options: options({ name: 'h' }) });
  const header = { name: 'h', schema: null, value: 'x' };
  expect([test(change), test({ ...change, headers: [header] })]).toEqual([false, true]);
});

test('a tombstone has no value, with or without a schema', () => {
  const test = predicateOf({ type: 'RecordIsTombstone', options: options({}) });
  const bare = { ...tombstone(), value: { schema: change.value.schema, value: null } };
  expect([test(change), test(tombstone()), test(bare)]).toEqual([false, true, true]);
});
