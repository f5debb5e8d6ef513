import { expect, test } from 'vitest';
import { parseSourceSignal, sourceSignalOf } from '../../src/model/source-signal.ts';

test('data may be an object or its text; without an id there is a new one', () => {
  expect(parseSourceSignal('{"id":"a","type":"log","data":{"message":"m"}}')).toEqual({
    id: 'a',
    type: 'log',
    data: '{"message":"m"}',
  });
  expect(sourceSignalOf({ id: 'a', type: 'log', data: '{"message":"m"}' })?.data).toBe(
    '{"message":"m"}',
  );
  const [one, other] = [sourceSignalOf({ type: 'log' }), sourceSignalOf({ type: 'log', id: null })];
  expect(one?.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(one?.id).not.toBe(other?.id);
  expect(one?.data).toBeNull();
});

test('what is no signal is none', () => {
  for (const text of ['', 'x', '1', '[]', 'null', '{}', '{"type":1}', '{"type":"log","id":2}']) {
    expect(parseSourceSignal(text)).toBeNull();
  }
});
