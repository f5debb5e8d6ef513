import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import type { TopicOutcome, TopicWork } from '../../../src/sink/sql/topic-progress.ts';
import { UniqueViolation } from '../../../src/sink/sql/unique-violation.ts';
import { LastPartitions, UniqueWaits } from '../../../src/sink/sql/unique-waits.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const taken = new UniqueViolation('SINK_RECORD', 'taken');
const id = column('id', 'integer', { type: 'int32', optional: false });

function topicOf(): (partition: number, timestampMs?: number) => SinkRecord {
  const topic = new SinkTopic({ columns: [id], key: ['id'], table: 't' });
  return (partition, timestampMs = 10) => {
    topic.partition = partition;
    return { ...topic.insert({ id: partition }), timestampMs };
  };
}

/** Of a put whose record at `applied` was refused. */
function outcome(records: readonly SinkRecord[], applied: number): TopicOutcome {
  const progress = { topic: records[0]?.topic ?? '', parked: null } as TopicWork['progress'];
  const work = { progress, records, positions: [] } as unknown as TopicWork;
  return { work, applied, emptied: false, failure: taken };
}

test('a wait ends with its time, which older records of other partitions begin anew', () => {
  const clock = new FakeClock();
  const waits = new UniqueWaits(100, clock, () => 2);
  const make = topicOf();
  const record = make(0);
  expect(waits.mayPass(record, new TidemarkError('SINK_RECORD', 'else'))).toBe(false);
  expect(waits.mayPass(record, taken)).toBe(true);
  clock.advance(99);
  waits.look();
  waits.passed(outcome([make(1, 10), record], 1));
  clock.advance(99);
  waits.look();
  expect(waits.mayPass(record, taken)).toBe(true);
  // Newer ones have passed its place.
  waits.passed(outcome([make(1, 11), record], 1));
  clock.advance(1);
  expect(waits.mayPass(record, taken)).toBe(true);
  waits.look();
  expect(waits.mayPass(record, taken)).toBe(false);
  waits.passed({ ...outcome([record], 1), failure: null });
  expect(waits.mayPass(record, taken)).toBe(true);
});

test('nothing waits without another partition, or without time', () => {
  const record = topicOf()(0);
  const clock = new FakeClock();
  expect(new UniqueWaits(100, clock, () => 1).mayPass(record, taken)).toBe(false);
  expect(new UniqueWaits(0, clock, () => 2).mayPass(record, taken)).toBe(false);
});

test('partitions that are in the way come last, each once more than there are of them', () => {
  const waits = new UniqueWaits(100, new FakeClock(), () => 3);
  const last = new LastPartitions(waits.mayPass);
  const make = topicOf();
  const records = [make(0), make(1), make(2), make(0)];
  const partitions = (): number[] =>
    last.order(outcome(records, 0).work).records.map(({ partition }) => partition);
  expect(last.goesOn([outcome(records, 0)])).toBe(true);
  expect(partitions()).toEqual([1, 2, 0, 0]);
  expect(last.goesOn([outcome(last.order(outcome(records, 0).work).records, 0)])).toBe(true);
  expect(partitions()).toEqual([2, 0, 0, 1]);
  const again = (): boolean =>
    last.goesOn([outcome(last.order(outcome(records, 0).work).records, 0)]);
  let rounds = 0;
  while (again()) rounds++;
  expect(rounds).toBeLessThan(10);
  expect(new LastPartitions(waits.mayPass).goesOn([outcome([make(0), make(0)], 0)])).toBe(false);
});

test('nothing goes past a truncate of its table', () => {
  const waits = new UniqueWaits(100, new FakeClock(), () => 2);
  const topic = new SinkTopic({ columns: [id], key: ['id'], table: 't' });
  const records = [topic.insert({ id: 1 }), { ...topic.truncate(), partition: 1 }];
  expect(new LastPartitions(waits.mayPass).goesOn([outcome(records, 0)])).toBe(false);
});
