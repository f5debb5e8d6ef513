import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import { RefusedOffsets } from '../../src/runtime/refused-offsets.ts';
import { SinkPartitions } from '../../src/runtime/sink-partitions.ts';
import { fetchedRecords, ScriptedConsumer, ScriptedSink } from '../support/scripted-sink.ts';

const never = new AbortController().signal;
const place = (topic: string, partition = 0) => ({ topic, partition });
const assigned = (topic: string, position: number, generation = 1) => ({
  ...place(topic),
  generation,
  position,
});
const stored = (topic: string, offset: number, generation = 1): SinkPosition => ({
  ...place(topic),
  generation,
  offset,
});

function setup(...positions: readonly SinkPosition[]) {
  const log: string[] = [];
  const sink = new ScriptedSink(log, positions);
  const consumer = new ScriptedConsumer(log, [], [assigned('t', 0), assigned('u', 0)]);
  return { log, sink, consumer, partitions: new SinkPartitions(sink) };
}

describe('taking', () => {
  test('asks the target once, and moves the consumer to where that is', async () => {
    const { log, consumer, partitions } = setup(stored('t', 7));
    const { taken } = await partitions.settle(consumer, [], never);
    expect([...taken]).toEqual([
      ['t/0', stored('t', 7)],
      ['u/0', null],
    ]);
    expect(log).toEqual(['seek t/0 7']);
    const again = await partitions.settle(consumer, [fetchedRecords('t', [7])], never);
    expect(again.taken.size).toBe(0);
    expect(again.fetched).toHaveLength(1);
    expect(log).toHaveLength(1);
  });

  test('drops what was polled at the wrong offset, of that partition only', async () => {
    const { consumer, partitions } = setup(stored('t', 7));
    const polled = [fetchedRecords('t', [0, 1]), fetchedRecords('u', [0])];
    const { fetched } = await partitions.settle(consumer, polled, never);
    expect(fetched.map(({ topic }) => topic)).toEqual(['u']);
  });

  test('keeps what was polled from where the target is', async () => {
    const { log, consumer, partitions } = setup(stored('t', 7));
    const { fetched } = await partitions.settle(consumer, [fetchedRecords('t', [7, 8])], never);
    expect(fetched).toHaveLength(1);
    expect(log).toEqual([]);
  });

  test('waits for a log whose end is not yet known here, but not for ever', async () => {
    const { log, sink, consumer } = setup(stored('t', 7));
    const partitions = new SinkPartitions(sink, 3);
    const seek = consumer.seek.bind(consumer);
    const failure = new Error('beyond the end');
    consumer.seek = () => {
      throw failure;
    };
    const polled = [fetchedRecords('t', [0, 1]), fetchedRecords('u', [0])];
    for (let tries = 0; tries < 3; tries++) {
      const { fetched } = await partitions.settle(consumer, polled, never);
      expect(fetched.map(({ topic }) => topic)).toEqual(['u']);
      // Its position passes records that the target has: nobody may be told of it.
      expect([partitions.isOpen(place('t')), partitions.isOpen(place('u'))]).toEqual([false, true]);
    }
    await expect(partitions.settle(consumer, polled, never)).rejects.toBe(failure);
    consumer.seek = seek;
    await partitions.settle(consumer, polled, never);
    expect(log).toEqual(['seek t/0 7']);
    expect(partitions.isOpen(place('t'))).toBe(true);
  });

  test('of a partition of a parked topic takes all of the topic again', async () => {
    const { log, sink, consumer, partitions } = setup(stored('t', 3));
    await partitions.settle(consumer, [], never);
    const before = partitions.version;
    sink.parked = [{ topic: 't', table: 't', offset: 3, code: 'SINK_RECORD', message: 'poison' }];
    const other = { topic: 't', partition: 1, generation: 1, position: 0 };
    const more = new ScriptedConsumer(log, [], [assigned('t', 9), assigned('u', 0), other]);
    const { taken } = await partitions.settle(more, [], never);
    expect([...taken.keys()]).toEqual(['t/0', 't/1']);
    expect(log).toEqual(['seek t/0 3', 'seek t/0 3']);
    expect(partitions.mayApply(place('t'), before)).toBe(false);
    expect(partitions.mayApply(place('u'), before)).toBe(true);
  });
});

test('a held table that fits is read again from where the target is', async () => {
  const { log, sink, consumer, partitions } = setup(stored('t', 3), stored('u', 5));
  await partitions.settle(consumer, [], never);
  const before = partitions.version;
  const reason = { code: 'SINK_SCHEMA', message: 'narrow', held: true } as const;
  sink.parked = [{ topic: 't', table: 't', offset: 3, ...reason }];
  expect(await partitions.resumeHeld(10_000, never)).toEqual([]);
  sink.fits = ['t'];
  expect(await partitions.resumeHeld(11_999, never)).toEqual([]);
  expect(await partitions.resumeHeld(12_000, never)).toEqual(['t']);
  log.length = 0;
  await partitions.settle(consumer, [fetchedRecords('t', [8, 9])], never);
  expect(log).toEqual(['seek t/0 3']);
  // What was polled before would go over what is read again.
  expect(partitions.mayApply(place('t'), before)).toBe(false);
  expect(partitions.mayApply(place('u'), before)).toBe(true);
});

describe('a log that is not the one of which the target has its offsets', () => {
  const beyond = new TidemarkError('OFFSET_OUT_OF_RANGE', 'offset 7 of t/0 is outside 0 to 2');
  const refusal = {
    code: 'OFFSET_OUT_OF_RANGE',
    message: expect.stringContaining('the target has applied t/0 up to 7, which this') as unknown,
    cure: expect.stringContaining('offsets set <file> --sink <name> --topic t') as unknown,
  };

  test('is refused still when it has grown past them by the next start', async () => {
    const { log, sink, consumer } = setup(stored('t', 7), stored('u', 9));
    const refused = new RefusedOffsets(consumer.documents, 'warehouse');
    const seek = consumer.seek.bind(consumer);
    consumer.seek = () => {
      throw beyond;
    };
    const settled = (task = sink, reader = consumer): Promise<unknown> =>
      new SinkPartitions(task, 0, refused).settle(reader, [], never);
    await expect(settled()).rejects.toMatchObject(refusal);
    consumer.seek = seek;
    await expect(settled()).rejects.toMatchObject({ ...refusal, cause: null });
    expect(log).toEqual([]);
    expect(refused.has(stored('u', 9))).toBe(true);
    // Somebody has moved the sink: to another offset, or its group to that of the target.
    await settled(new ScriptedSink(log, [stored('t', 1), stored('u', 0)]));
    expect(log).toEqual(['seek t/0 1']);
    await settled(sink, new ScriptedConsumer(log, [], [assigned('t', 7), assigned('u', 9)]));
    expect(log).toHaveLength(1);
  });

  test('is known before it can grow: the brokers are asked for the end', async () => {
    const { log, sink, consumer } = setup(stored('t', 7));
    const refused = new RefusedOffsets(consumer.documents, 'warehouse');
    const partitions = new SinkPartitions(sink, 100, refused);
    const failures = [new TidemarkError('KAFKA_REBALANCE', 'not now'), undefined, beyond];
    consumer.seek = () => {
      throw beyond;
    };
    consumer.commit = ([at]) => {
      log.push(`asked for ${at?.topic}@${at?.offset}`);
      const failure = failures.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    };
    const { taken } = await partitions.settle(consumer, [], never);
    // Nobody may commit it in the group's name meanwhile.
    expect(taken.get('t/0')).toBeNull();
    for (let tries = 2; tries < 6; tries++) await partitions.settle(consumer, [], never);
    expect(refused.has(stored('t', 7))).toBe(false);
    await expect(partitions.settle(consumer, [], never)).rejects.toMatchObject(refusal);
    expect(log).toEqual(['asked for t@7', 'asked for t@7', 'asked for t@7']);
    expect(refused.has(stored('t', 7))).toBe(true);
  });
});

describe('giving up', () => {
  test('first nothing more is taken, then what is queued may not be applied', async () => {
    const { log, consumer, partitions } = setup();
    await partitions.settle(consumer, [], never);
    const { version } = partitions;
    expect(partitions.leave([place('t'), place('never.had')])).toBe(true);
    expect([partitions.isOpen(place('t')), partitions.has(place('t'))]).toEqual([false, true]);
    expect(partitions.mayApply(place('t'), version)).toBe(true);
    const { fetched } = await partitions.settle(consumer, [fetchedRecords('t', [0])], never);
    expect(fetched).toEqual([]);
    partitions.drop([place('t'), place('never.had')]);
    expect(partitions.mayApply(place('t'), version)).toBe(false);
    expect(partitions.mayApply(place('u'), version)).toBe(true);
    expect(log).toEqual(['release t/0']);
    // Taken again, what was queued before is still not for it.
    await partitions.settle(consumer, [], never);
    expect(partitions.mayApply(place('t'), version)).toBe(false);
    expect(partitions.mayApply(place('t'), partitions.version)).toBe(true);
    expect(partitions.leave([place('never.had')])).toBe(false);
  });

  test('while the target is asked: the answer comes too late', async () => {
    const { log, sink, consumer, partitions } = setup(stored('t', 7));
    const answer = Promise.withResolvers<readonly SinkPosition[]>();
    sink.assign = () => answer.promise;
    const settling = partitions.settle(consumer, [], never);
    partitions.drop([place('t')]);
    answer.resolve([stored('t', 7)]);
    const { taken } = await settling;
    expect([...taken.keys()]).toEqual(['u/0']);
    // What the target did meanwhile is undone.
    expect(log).toEqual(['release t/0', 'release t/0']);
  });
});

test('a fenced partition ends the sink when the group does not give it away in time', async () => {
  const { consumer, partitions } = setup();
  await partitions.settle(consumer, [], never);
  expect(partitions.fence([place('t'), place('never.had')], 1000)).toEqual([place('t')]);
  expect(partitions.fence([place('t')], 5000)).toEqual([]);
  expect([partitions.isFenced(place('t')), partitions.isFenced(place('u'))]).toEqual([true, false]);
  partitions.checkFenced('s', 10_999, 10_000);
  expect(() => {
    partitions.checkFenced('s', 11_000, 10_000);
  }).toThrow('another task has taken over t/0 of the sink s');
  partitions.drop([place('t')]);
  partitions.checkFenced('s', 99_000, 10_000);
});
