import { expect, test } from 'vitest';
import { ContentBasedRouter } from '../../../src/transform/debezium/content-based-router.ts';
import { changeRecord, ownOptions, tombstone } from '../../support/transform-records.ts';

const topics = (given: Record<string, string>): (string | undefined)[] => {
  const type = 'io.debezium.transforms.ContentBasedRouter';
  const own = { language: 'jsr223.graal.js', 'topic.expression': "'x.' + topic", ...given };
  const transform = new ContentBasedRouter(ownOptions(type, own));
  const records = [changeRecord('c', null, [1, 'a', 'b']), tombstone()];
  return records.map((record) => transform.apply(record)?.topic);
};

test.each<[Record<string, string>, (string | undefined)[]]>([
  [{}, ['x.p.public.t', 'p.public.t']],
  [{ 'null.handling.mode': 'drop' }, ['x.p.public.t', undefined]],
  [{ 'null.handling.mode': 'evaluate' }, ['x.p.public.t', 'x.p.public.t']],
  [{ 'topic.regex': 'p\\..*' }, ['x.p.public.t', 'p.public.t']],
  [{ 'topic.regex': 'public' }, ['p.public.t', 'p.public.t']],
])('%j', (given, wanted) => {
  expect(topics(given)).toEqual(wanted);
});
