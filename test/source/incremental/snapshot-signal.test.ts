import { expect, test } from 'vitest';
import { fragmentProblem } from '../../../dialects/postgres/postgres-sql-fragment.ts';
import { parseSignal } from '../../../src/source/incremental/snapshot-signal.ts';

const parse = (type: string, data: unknown): ReturnType<typeof parseSignal> => {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return parseSignal({ id: 'i', type, data: text }, fragmentProblem);
};

test('execute-snapshot in all its forms', () => {
  expect(
    parse('execute-snapshot', {
      'data-collections': ['s.a', 's.b'],
      type: 'INCREMENTAL',
      'additional-conditions': [{ 'data-collection': 's.a', filter: 'x > 1' }],
      'surrogate-key': 'n',
    }),
  ).toEqual({
    kind: 'incremental',
    request: {
      snapshotId: 'i',
      collections: ['s.a', 's.b'],
      conditions: [['s.a', 'x > 1']],
      surrogate: 'n',
    },
  });
  expect(
    parse('execute-snapshot', { 'data-collections': ['s.a'], 'additional-condition': 'y; ' }),
  ).toMatchObject({
    kind: 'incremental',
    request: { conditions: [['s.a', 'y']], surrogate: null },
  });
  expect(
    parse('execute-snapshot', { 'data-collections': ['s.a'], type: 'blocking' }),
  ).toMatchObject({ kind: 'blocking' });
});

test('the others', () => {
  expect(parse('stop-snapshot', '')).toEqual({ kind: 'stop', collections: [] });
  expect(parse('stop-snapshot', { 'data-collections': ['a'] })).toEqual({
    kind: 'stop',
    collections: ['a'],
  });
  expect(parse('pause-snapshot', '{}').kind).toBe('pause');
  expect(parse('resume-snapshot', '').kind).toBe('resume');
  expect(parse('log', { message: 'm' })).toEqual({ kind: 'log', message: 'm' });
  expect(parse('snapshot-window-open', 'anything').kind).toBe('none');
});

test('what cannot be understood says why', () => {
  const reason = (type: string, data: unknown): string => {
    const command = parse(type, data);
    return command.kind === 'invalid' ? command.reason : command.kind;
  };
  expect(reason('execute-snapshot', '{')).toBe('its data is not a JSON object');
  expect(reason('execute-snapshot', '[]')).toBe('its data is not a JSON object');
  expect(reason('execute-snapshot', {})).toContain('data-collections');
  const filter = '1=1) TO STDOUT; DROP TABLE a; --';
  const collections = { 'data-collections': ['a'] };
  const conditions = [{ 'data-collection': 'a', filter }];
  expect(
    reason('execute-snapshot', { ...collections, 'additional-conditions': conditions }),
  ).toContain('the condition of a closes a bracket');
  expect(
    reason('execute-snapshot', { ...collections, 'additional-condition': 'x; DROP TABLE a' }),
  ).toContain('has a semicolon');
  expect(reason('execute-snapshot', { 'data-collections': ['a'], type: 'x' })).toContain('type');
  expect(
    reason('execute-snapshot', { 'data-collections': ['a'], 'additional-conditions': [1] }),
  ).toContain('additional-conditions');
  expect(
    reason('execute-snapshot', { 'data-collections': ['a'], 'additional-conditions': 1 }),
  ).toContain('additional-conditions');
  expect(reason('log', {})).toContain('message');
  expect(reason('truncate', {})).toContain('no signal of type truncate');
  expect(reason('schema-changes', {})).toContain('comes with the stream');
  expect(reason('', {})).toBe('it has no type');
});

test('a repair names one table and whole keys of it, a thousand at most', () => {
  const data = { 'data-collection': 's.a', 'key-columns': ['x', 'y'], keys: [['1', '2']] };
  expect(parse('repair-rows', data)).toEqual({
    kind: 'repair',
    request: { snapshotId: 'i', collection: 's.a', keyColumns: ['x', 'y'], keys: [['1', '2']] },
  });
  const many = Array.from({ length: 1_001 }, () => ['1', '2']);
  for (const keys of [[], [['1']], [[1, 2]], 'all', [null], many]) {
    expect(parse('repair-rows', { ...data, keys })).toMatchObject({
      kind: 'invalid',
      reason: 'keys must be 1 to 1000 lists of 2 texts',
    });
  }
  for (const half of [{ 'data-collection': 5 }, { 'key-columns': [] }, { 'key-columns': 'x' }]) {
    expect(parse('repair-rows', { ...data, ...half })).toMatchObject({
      reason: 'it has no data-collection with key-columns',
    });
  }
});
