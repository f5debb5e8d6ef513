import { expect, test } from 'vitest';
import { parseLiteral } from '../../src/transform/value-literal.ts';
import { SinkTransforms } from '../../src/runtime/sink-transforms.ts';
import { dataOf, wholeRecord } from '../../src/runtime/whole-record.ts';
import { column, SinkTopic } from '../support/sink-records.ts';

const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32' })],
  key: ['id'],
});
const record = topic.insert({ id: 1 });
const headers = [
  { name: 'n', value: Buffer.from(' 05') },
  { name: 'none', value: null },
];

test('a record has key, value and headers as the log has them', () => {
  expect(wholeRecord(record, headers).whole).toEqual({
    key: { schema: record.key?.schema, value: record.key },
    value: { schema: record.value?.schema, value: record.value },
    headers: [
      { name: 'n', text: ' 05' },
      { name: 'none', text: null },
    ],
  });
  expect(dataOf(null)).toEqual({ schema: null, value: null });
});

test('transforms may leave what is no struct; headers they left alone are as they were', () => {
  const schema = { type: 'string', optional: false } as const;
  const transforms = new SinkTransforms(
    (given) => ({
      ...given,
      topic: 'other',
      value: { schema, value: 'text' },
      headers: [...given.headers, { name: 'more', ...parseLiteral('[1, 2]') }],
    }),
    true,
  );
  const made = transforms.transform({ ...record, absent: ['id'] }, headers);
  expect(made).toMatchObject({
    topic: record.topic,
    destination: 'other',
    offset: record.offset,
    key: record.key,
    value: null,
  });
  expect(made?.whole).toEqual({
    key: { schema: record.key?.schema, value: record.key },
    value: { schema, value: 'text' },
    headers: [
      { name: 'n', text: ' 05' },
      { name: 'none', text: null },
      { name: 'more', text: '[1,2]' },
    ],
  });
});
