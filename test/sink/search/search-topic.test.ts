import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { finish, newTopic, park, planTopic } from '../../../src/sink/search/search-topic.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';

const ID = column('id', null, { type: 'int32', optional: false });
const topic = new SinkTopic({ table: 't', columns: [ID], key: ['id'] });

test('a parked topic is read again from what is not done of each partition', () => {
  const progress = newTopic(topic.topic);
  const first = [topic.insert({ id: 1 })];
  const work = planTopic(progress, first, positionsOf(first));
  if (work === null) throw new Error('nothing to do');
  finish(work);
  const bad = [topic.insert({ id: 2 }), topic.insert({ id: 3 })];
  const second = planTopic(progress, bad, positionsOf(bad));
  if (second === null) throw new Error('nothing to do');
  park(second, 'index', bad[1], new TidemarkError('SINK_RECORD', 'no number'));
  expect(progress.parked).toMatchObject({ table: 'index', offset: 2, code: 'SINK_RECORD' });
  expect(progress.positions.get(0)).toBe(1);

  topic.partition = 1;
  const other = [topic.insert({ id: 4 }), topic.insert({ id: 5 })];
  expect(planTopic(progress, other, positionsOf(other))).toBeNull();
  expect(progress.positions.get(1)).toBe(0);
});

test('a new generation begins anew, and records of the older one are left out', () => {
  const progress = newTopic(topic.topic);
  const old = topic.insert({ id: 1 });
  const fresh = { ...topic.insert({ id: 2 }), generation: 2 };
  const work = planTopic(progress, [fresh, old], positionsOf([fresh]));
  expect(work).toMatchObject({ begins: true, records: [{ generation: 2 }] });
  expect(planTopic(progress, [old], positionsOf([old]))).toMatchObject({ records: [] });
});
