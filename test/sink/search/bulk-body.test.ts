import { expect, test } from 'vitest';
import { BulkBody } from '../../../src/sink/search/bulk-body.ts';

test('lines are bytes, and some actions can be sent again', () => {
  const body = new BulkBody();
  body.add('{"index":{}}', '{"a":"ü"}');
  body.add('{"delete":{}}', null);
  body.add('{"index":{}}', '{"b":1}');
  expect(body.actions).toBe(3);
  const all = Buffer.concat(body.parts([0, 1, 2]));
  expect(all.length).toBe(body.bytes);
  expect(all.toString()).toBe('{"index":{}}\n{"a":"ü"}\n{"delete":{}}\n{"index":{}}\n{"b":1}\n');
  expect(body.parts([0, 1])).toHaveLength(1);
  const some = body.parts([0, 2]);
  expect(some.map(String)).toEqual(['{"index":{}}\n{"a":"ü"}\n', '{"index":{}}\n{"b":1}\n']);
});

test('it grows with what it is given', () => {
  const body = new BulkBody();
  const long = JSON.stringify({ text: '€'.repeat(300_000) });
  for (let i = 0; i < 3; i++) body.add('{"index":{}}', long);
  expect(Buffer.concat(body.parts([1])).toString()).toBe(`{"index":{}}\n${long}\n`);
});

test('emptied it is filled again from its beginning', () => {
  const body = new BulkBody();
  body.add('{"index":{}}', JSON.stringify({ text: 'x'.repeat(3_000_000) }));
  body.add('{"delete":{}}', null);
  expect(body.emptied()).toMatchObject({ bytes: 0, actions: 0 });
  body.add('{"delete":{"_id":"1"}}', null);
  expect(body.parts([0]).map(String)).toEqual(['{"delete":{"_id":"1"}}\n']);
});
