import { describe, expect, test, vi } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SinkRunner } from '../../src/runtime/sink-runner.ts';
import type { FetchedRecords } from '../../src/transport/transport.ts';
import { benchOf, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';
import { fetchedRecords, ScriptedConsumer, ScriptedSink } from '../support/scripted-sink.ts';

interface Setup {
  readonly polls?: FetchedRecords[][];
  readonly stored?: readonly SinkPosition[];
  readonly assigned?: readonly { generation: number; position: number }[];
  readonly commitIntervalMs?: number;
  readonly topics?: readonly string[] | RegExp;
}

function setup({ polls = [], stored = [], assigned = [], ...more }: Setup = {}) {
  const log: string[] = [];
  const faults: FaultPoint[] = [];
  const clock = new FakeClock();
  const consumer = new ScriptedConsumer(
    log,
    polls,
    assigned.map((partition) => ({ topic: 't', partition: 0, ...partition })),
  );
  const sink = new ScriptedSink(log, stored);
  const runner = new SinkRunner({
    name: 'warehouse',
    group: 'connect-warehouse',
    topics: more.topics ?? /^t$/,
    transport: consumer.asTransport(),
    openTask: () => sink,
    converters: { key: new JsonConverter(), value: new JsonConverter() },
    maxPollBytes: 1000,
    commitIntervalMs: more.commitIntervalMs ?? 1_000_000,
    fencedGraceMs: 0,
    clock,
    logger: silentLogger(),
    fault: (point) => faults.push(point),
  });
  const controller = new AbortController();
  const healthy = vi.fn<() => void>();
  const started = vi.fn<() => void>();
  const running = runner.run(controller.signal, started, healthy);
  // Whoever looks at the end gets the error; until then it is no unhandled one.
  running.catch(() => undefined);
  return { log, faults, clock, consumer, sink, runner, controller, running, healthy, started };
}

describe('order', () => {
  test('the log offset is committed only when the target is durable', async () => {
    const { log, faults, running, controller, sink, consumer, healthy } = setup({
      polls: [[fetchedRecords('t', [0, 1])]],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toEqual(['put [0,1] t:1@2']));
    expect(healthy).not.toHaveBeenCalled();
    controller.abort();
    gate.resolve();
    await running;
    expect(log).toEqual(['put [0,1] t:1@2', 'durable', 'commit t@2']);
    expect(faults).toEqual(['sink.polled', 'sink.applied', 'sink.committed']);
    expect(healthy).toHaveBeenCalledTimes(1);
    expect([sink.disposed, consumer.closed]).toEqual([1, true]);
  });

  test('commits are spaced by the interval, and nothing is committed twice', async () => {
    const { log, clock, running, controller, sink } = setup({
      polls: [[fetchedRecords('t', [0])], [fetchedRecords('t', [1])], [fetchedRecords('t', [2])]],
      commitIntervalMs: 1000,
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toHaveLength(1));
    clock.advance(1000);
    gate.resolve();
    // What was polled while the target worked is one put.
    await eventually(() => expect(log).toContain('put [1,2] t:1@3'));
    expect(log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit t@1']);
    clock.advance(1000);
    controller.abort();
    await running;
    expect(log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit t@1', 'commit t@3']);
  });
});

describe('errors of the target', () => {
  test('one that may pass is tried again with the same records', async () => {
    const { log, clock, running, controller, sink, runner } = setup({
      polls: [[fetchedRecords('t', [0])]],
    });
    sink.failures.push(new TidemarkError('SINK_SERVER', 'deadlock detected'));
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    expect(runner.applied).toBe(0);
    clock.advance(50);
    await eventually(() => expect(log).toContain('durable'));
    controller.abort();
    await running;
    expect(log).toEqual(['put [0] t:1@1', 'put [0] t:1@1', 'durable', 'commit t@1']);
    expect(runner.applied).toBe(1);
  });

  test('after three tries the supervisor has it, and what was applied is committed', async () => {
    const { log, clock, running, sink } = setup({
      polls: [[fetchedRecords('t', [0])], [fetchedRecords('t', [1])]],
    });
    const broken = new TidemarkError('SINK_SERVER', 'deadlock detected');
    sink.failures.push(null, broken, broken, broken);
    for (const delayMs of [50, 100]) {
      await eventually(() => expect(clock.pendingTimers).toBe(1));
      clock.advance(delayMs);
    }
    await expect(running).rejects.toBe(broken);
    const again = 'put [1] t:1@2';
    expect(log).toEqual(['put [0] t:1@1', 'durable', again, again, again, 'commit t@1']);
    expect(sink.disposed).toBe(1);
  });

  test.each(['SINK_CONNECT', 'SINK_AUTH'] as const)('%s is not tried again here', async (code) => {
    const { log, clock, running, sink } = setup({ polls: [[fetchedRecords('t', [0])]] });
    sink.failures.push(new TidemarkError(code, 'no'));
    await expect(running).rejects.toMatchObject({ code });
    expect(clock.pendingTimers).toBe(0);
    expect(log).toEqual(['put [0] t:1@1']);
  });

  test('an abort while it waits ends the task quietly, with nothing more applied', async () => {
    const { log, clock, running, controller, sink } = setup({
      polls: [[fetchedRecords('t', [0])]],
    });
    sink.failures.push(new TidemarkError('SINK_SERVER', 'deadlock detected'));
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    controller.abort();
    await running;
    expect(log).toEqual(['put [0] t:1@1']);
  });

  test('a record that cannot be decoded ends the task; those before it are applied', async () => {
    const { log, running } = setup({
      polls: [
        [fetchedRecords('t', [0])],
        [fetchedRecords('t', [1], { value: Buffer.from('{"schema":') })],
      ],
    });
    await expect(running).rejects.toBeInstanceOf(TidemarkError);
    expect(log).toEqual(['put [0] t:1@1', 'durable', 'commit t@1']);
  });
});

describe('positions', () => {
  const at = (offset: number, generation = 1): SinkPosition => ({
    topic: 't',
    partition: 0,
    generation,
    offset,
  });

  test('the target says where reading starts', async () => {
    const { log, running, controller } = setup({
      stored: [at(40)],
      assigned: [{ generation: 1, position: 10 }],
      polls: [[fetchedRecords('t', [40])]],
    });
    await eventually(() => expect(log).toContain('durable'));
    controller.abort();
    await running;
    expect(log[0]).toBe('seek t/0 40');
    expect(log[1]).toBe('put [40] t:1@41');
  });

  test('a partition that appears later is moved too; what was read of it is dropped', async () => {
    const { log, running, controller, runner } = setup({
      stored: [at(40)],
      polls: [[fetchedRecords('t', [0, 1])], [fetchedRecords('t', [40])]],
    });
    await eventually(() => expect(log).toContain('durable'));
    controller.abort();
    await running;
    expect(log.slice(0, 2)).toEqual(['seek t/0 40', 'put [40] t:1@41']);
    expect(runner.applied).toBe(1);
  });

  test('an offset of an older generation means nothing in the new one', async () => {
    const { log, running, controller } = setup({
      stored: [at(40, 1)],
      assigned: [{ generation: 2, position: 10 }],
      polls: [[fetchedRecords('t', [10], { generation: 2 })]],
    });
    await eventually(() => expect(log).toContain('durable'));
    controller.abort();
    await running;
    expect(log[0]).toBe('put [10] t:2@11');
  });

  test('a target that is ahead waits for the snapshot, refuses rows of an older log', async () => {
    const next = [fetchedRecords('t', [0], { generation: 9 })];
    const begins = setup({
      stored: [at(40, 8)],
      assigned: [{ generation: 1, position: 0 }],
      polls: [[], [fetchedRecords('t', [], { generation: 9, nextOffset: 0, endOffset: 0 })], next],
    });
    await eventually(() => expect(begins.log).toContain('put [0] t:9@1'));
    begins.controller.abort();
    await begins.running;

    const older = setup({
      stored: [at(40, 8)],
      assigned: [{ generation: 7, position: 0 }],
      polls: [[fetchedRecords('t', [0], { generation: 7 })]],
    });
    await expect(older.running).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: 'the target holds rows of a later snapshot of t than this log',
    });
    expect(older.log).toEqual([]);
  });

  test('a new generation reaches the target without any record', async () => {
    const { log, running, controller, healthy } = setup({
      polls: [[fetchedRecords('t', [], { generation: 2, nextOffset: 7, endOffset: 7 })]],
    });
    await eventually(() => expect(log).toEqual(['put [] t:2@7', 'durable']));
    expect(healthy).not.toHaveBeenCalled();
    controller.abort();
    await running;
  });

  test('the topic of a parked table stays where it was (ruling 8)', async () => {
    const { log, running, controller, sink, runner } = setup({
      polls: [
        [fetchedRecords('t', [0]), fetchedRecords('u', [0])],
        [fetchedRecords('t', [1]), fetchedRecords('u', [1])],
      ],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    // Parked while the second batch is applied.
    const put = sink.put.bind(sink);
    await eventually(() => expect(log).toHaveLength(1));
    sink.put = async (...batch) => {
      const fenced = await put(...batch);
      sink.parked = [
        { topic: 't', table: 'public.t', offset: 1, code: 'SINK_RECORD', message: 'poison' },
      ];
      return fenced;
    };
    gate.resolve();
    await eventually(() => expect(runner.applied).toBe(4));
    controller.abort();
    await running;
    expect(log.at(-1)).toBe('commit t@1 u@2');
    expect(runner.position('t', 0)?.offset).toBe(1);
    expect(runner.position('u', 0)?.offset).toBe(2);
  });
});

test('a held table goes on where it stopped, once the target takes its records', async () => {
  const { log, runner, consumer, sink, clock, running, controller } = setup({
    polls: [[fetchedRecords('t', [1])]],
    stored: [{ topic: 't', partition: 0, generation: 1, offset: 1 }],
  });
  const reason = { code: 'SINK_SCHEMA', message: 'too narrow', held: true } as const;
  sink.parked = [{ topic: 't', table: 'public.t', offset: 1, ...reason }];
  await eventually(() => expect(runner.applied).toBe(1));
  expect(runner.position('t', 0)?.offset).toBe(1);
  sink.fits = ['t'];
  const taken = sink.assign.bind(sink);
  sink.assign = (...partitions) => {
    sink.parked = [];
    return taken(...partitions);
  };
  consumer.script([fetchedRecords('t', [1, 2])]);
  clock.advance(2_000);
  await eventually(() => expect(log).toContain('put [1,2] t:1@3'));
  controller.abort();
  await running;
  expect(log.at(-1)).toBe('commit t@3');
});

describe('what it tells', () => {
  test('the lag is what lies between the target and the end of the log', async () => {
    const { runner, running, controller, sink, log } = setup({
      polls: [[fetchedRecords('t', [0, 1], { endOffset: 10 })]],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toHaveLength(1));
    expect(runner.lagRecords()).toBe(10);
    gate.resolve();
    await eventually(() => expect(runner.lagRecords()).toBe(8));
    controller.abort();
    await running;
  });

  test('topics by name or by pattern', () => {
    const byName = setup({ topics: ['t'] });
    const byPattern = setup({ topics: /^shop\..*$/ });
    expect(['t', 'tt'].map((topic) => byName.runner.consumes(topic))).toEqual([true, false]);
    expect(['shop.x', 't'].map((topic) => byPattern.runner.consumes(topic))).toEqual([true, false]);
    byName.controller.abort();
    byPattern.controller.abort();
  });

  test('latency counts from the commit in the source; snapshot rows have none', async () => {
    const bench = await benchOf(keyedTable(), WIRES[0] as Wire);
    const records = (['c', 'r'] as const).map((op, offset) => {
      const [encoded] = bench.compiled(rowChange(bench.context.table, op, null, ['1', 'a']));
      return fetchedRecords('t', [offset], { value: Buffer.from(encoded?.value ?? '') });
    });
    const { runner, running, controller, clock } = setup({ polls: records.map((one) => [one]) });
    // The clock stands 250 ms after the commit of the change.
    clock.advance(250);
    await eventually(() => expect(runner.applied).toBe(2));
    controller.abort();
    await running;
    expect(runner.latency.total).toBe(1);
    expect(runner.latency.lastMs).toBe(250);
    expect(runner.hasWorked()).toBe(true);
  });
});

describe('a group with several members', () => {
  const t = [{ topic: 't', partition: 0 }];

  test('what was polled of a partition that goes is applied and committed first', async () => {
    const { log, running, controller, sink, consumer, runner } = setup({
      polls: [[fetchedRecords('t', [0])], [fetchedRecords('t', [1])]],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toEqual(['put [0] t:1@1']));
    const revoked = consumer.revoke(t);
    gate.resolve();
    await revoked;
    expect(log.slice(0, 3)).toEqual(['put [0] t:1@1', 'durable', 'put [1] t:1@2']);
    expect(log.slice(-2)).toEqual(['commit t@2', 'release t/0']);
    expect(runner.position('t', 0)).toBeNull();
    expect(runner.lagRecords()).toBe(0);
    controller.abort();
    await running;
    expect(log.at(-1)).toBe('release t/0');
  });

  test('a target that does not come back in time: the rest is left to the next owner', async () => {
    const { log, running, controller, sink, consumer, clock } = setup({
      polls: [[fetchedRecords('t', [0])], [fetchedRecords('t', [1]), fetchedRecords('u', [0])]],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toEqual(['put [0] t:1@1']));
    const revoked = consumer.revoke(t);
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(20_000);
    await revoked;
    gate.resolve();
    await eventually(() => expect(log).toContain('put [0] u:1@1'));
    controller.abort();
    await running;
    // Nothing of `t` is put or committed any more.
    expect(log.slice(1).filter((entry) => entry.includes('t:') || entry.includes('t@'))).toEqual(
      [],
    );
    expect(log.slice(1, 4)).toEqual(['release t/0', 'durable', 'put [0] u:1@1']);
    expect(log.at(-1)).toBe('commit u@1');
  });

  test('a partition that is lost is dropped at once', async () => {
    const { log, running, controller, sink, consumer } = setup({
      polls: [[fetchedRecords('t', [0])], [fetchedRecords('t', [1]), fetchedRecords('u', [0])]],
    });
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    await eventually(() => expect(log).toEqual(['put [0] t:1@1']));
    consumer.lose(t);
    gate.resolve();
    await eventually(() => expect(log).toContain('put [0] u:1@1'));
    controller.abort();
    await running;
    expect(log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit u@1']);
  });

  test('a partition that another task has is not committed, and ends the only member', async () => {
    const { log, running, sink } = setup({
      polls: [[fetchedRecords('t', [0]), fetchedRecords('u', [0])]],
    });
    sink.fenced = t;
    await expect(running).rejects.toMatchObject({ code: 'SINK_FENCED' });
    expect(log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit u@1']);
  });
});
