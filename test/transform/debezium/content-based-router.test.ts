import { expect, test } from 'vitest';
import { ContentBasedRouter } from '../../../src/transform/debezium/content-based-router.ts';
import { changeRecord, ownOptions } from '../../support/transform-records.ts';

const TYPE = 'io.debezium.transforms.ContentBasedRouter';
const topic = (expression: string): string | undefined =>
  new ContentBasedRouter(
    ownOptions(TYPE, { language: 'js', 'topic.expression': expression }),
  ).apply(changeRecord('u', [1, 'a', null], [1, 'b', null]))?.topic;

test.each([
  ["value.op == 'u' ? 'updates' : null", 'updates'],
  ["value.op == 'c' ? 'creates' : null", 'p.public.t'],
  ['undefined', 'p.public.t'],
  ['topic + "." + value.after.v', 'p.public.t.b'],
])('%s', (expression, wanted) => {
  expect(topic(expression)).toBe(wanted);
});

test('anything but a text or null is a slip', () => {
  expect(() => topic('5')).toThrow('topic.expression gave number');
  expect(() => topic("''")).toThrow('topic.expression gave an empty text');
});
