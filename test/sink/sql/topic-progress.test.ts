import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { TopicProgress } from '../../../src/sink/sql/topic-progress.ts';
import { parkedAt, planWork, positionsAfter } from '../../../src/sink/sql/topic-progress.ts';
import type { TopicTable } from '../../../src/sink/sql/topic-table.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';

const target = { schema: 's', table: 't' };

function progressOf(topic: SinkTopic, stored: readonly [number, number, number][]): TopicProgress {
  return {
    topic: topic.topic,
    table: { target } as TopicTable,
    generation: Math.max(0, ...stored.map(([, generation]) => generation)),
    positions: new Map(
      stored.map(([partition, generation, offset]) => [
        partition,
        { topic: topic.topic, partition, generation, offset, target },
      ]),
    ),
    parked: null,
  };
}

function newTopic(): SinkTopic {
  return new SinkTopic({
    table: 't',
    columns: [column('id', null, { type: 'int32', optional: false })],
    key: ['id'],
  });
}

describe('what is to be done', () => {
  test('records below the stored offset are left out; with none left there is nothing', () => {
    const topic = newTopic();
    const records = [0, 1, 2].map((id) => topic.insert({ id }));
    const progress = progressOf(topic, [[0, 1, 2]]);
    expect(planWork(progress, records, [])?.records.map(({ offset }) => offset)).toEqual([2]);
    expect(planWork(progress, records.slice(0, 2), positionsOf(records.slice(0, 2)))).toBeNull();
  });

  test('a higher generation empties, also without records; a first one does not', () => {
    const topic = newTopic();
    const position = { topic: topic.topic, partition: 0, generation: 3, offset: 0 };
    expect(planWork(progressOf(topic, [[0, 2, 9]]), [], [position])).toMatchObject({
      generation: 3,
      emptyFirst: true,
    });
    expect(planWork(progressOf(topic, []), [], [position])?.emptyFirst).toBe(false);
  });

  test('records of all partitions are put into the order of the log', () => {
    const topic = newTopic();
    const first = topic.insert({ id: 1 });
    topic.partition = 1;
    const second = topic.insert({ id: 2 });
    const work = planWork(progressOf(topic, []), [second, first], []);
    expect(work?.records).toEqual([first, second]);
  });

  test('a parked topic waits, until a new generation', () => {
    const topic = newTopic();
    const progress = progressOf(topic, [[0, 1, 0]]);
    const reason = { code: 'SINK_RECORD', message: '' } as const;
    progress.parked = { topic: topic.topic, table: 't', offset: 0, ...reason };
    const record = topic.insert({ id: 1 });
    expect(planWork(progress, [record], [])).toBeNull();
    expect(planWork(progress, [{ ...record, generation: 2 }], [])?.emptyFirst).toBe(true);
  });
});

describe('where a topic stands afterwards', () => {
  test('each partition after its last record, or where the caller says', () => {
    const topic = newTopic();
    const records = [topic.insert({ id: 1 })];
    topic.partition = 1;
    records.push(topic.insert({ id: 2 }));
    const told = [{ topic: topic.topic, partition: 0, generation: 1, offset: 7 }];
    const work = planWork(progressOf(topic, []), records, told)!;
    const outcome = { work, applied: 2, emptied: false, failure: null };
    expect(positionsAfter(outcome).map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 7],
      [1, 1],
    ]);
  });

  test('before the record in the way, in its partition and in the others behind it', () => {
    const topic = newTopic();
    const records = [topic.insert({ id: 1 }), topic.insert({ id: 2 })];
    topic.partition = 1;
    records.push(topic.insert({ id: 3 }));
    const work = planWork(progressOf(topic, []), records, positionsOf(records))!;
    const failure = new TidemarkError('SINK_RECORD', 'no', { cure: 'Do it.' });
    const outcome = { work, applied: 1, emptied: false, failure };
    expect(positionsAfter(outcome).map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(parkedAt(outcome, failure)).toEqual({
      topic: topic.topic,
      table: 's.t',
      offset: 1,
      code: 'SINK_RECORD',
      message: 's.t at partition 0, offset 1: no. Do it.',
    });
  });

  test('nothing is stored while a new generation has not emptied its table', () => {
    const topic = newTopic();
    topic.generation = 2;
    const work = planWork(progressOf(topic, [[0, 1, 5]]), [topic.insert({ id: 1 })], [])!;
    const failure = new TidemarkError('SINK_RECORD', 'no');
    expect(positionsAfter({ work, applied: 0, emptied: false, failure })).toEqual([]);
  });
});
