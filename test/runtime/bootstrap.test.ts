import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { lsn } from '../../src/model/lsn.ts';
import { awaitBootstrap, type BootstrapState } from '../../src/runtime/bootstrap.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineBench, type PipelineBench } from '../support/pipeline-bench.ts';
import { aborted } from '../support/scripted-reader.ts';
import { fetchedRecords } from '../support/scripted-sink.ts';
import { batchOf } from '../transport/batch-of.ts';

const parked = {
  topic: 't',
  table: 'public.t',
  offset: 0,
  code: 'SINK_SCHEMA' as const,
  message: 'public.t: no column v',
};

/** Two rows of the snapshot are in the log; the sink gets what the test hands out. */
async function snapshotOfTwo(
  options: Parameters<typeof pipelineBench>[0] = {},
): Promise<PipelineBench> {
  const bench = await pipelineBench({
    script: (_receiver, reader, signal) => {
      reader.tableRead = true;
      return aborted(signal);
    },
    ...options,
  });
  const topic = await bench.source.transport.openTopic('t');
  const batch = batchOf(['a', 'b'].map((value) => ({ topic, value })));
  await bench.source.transport.append(batch, null);
  return bench;
}

/** Starts it and collects each state once; time goes on until a state is reached. */
function follow({ pipeline, clock }: PipelineBench, controller = new AbortController()) {
  const states: BootstrapState[] = [];
  pipeline.start();
  const ended = awaitBootstrap(pipeline, clock, controller.signal, (state) => {
    if (JSON.stringify(states.at(-1)) !== JSON.stringify(state)) states.push(state);
  });
  ended.catch(() => undefined);
  const reaches = (last: BootstrapState): Promise<void> =>
    eventually(() => {
      clock.advance(100);
      expect(states.at(-1)).toEqual(last);
    });
  return { states, reaches, ended, controller };
}

/** The sink holds both rows back until they are told as left. */
async function followHeld(bench: PipelineBench) {
  const gate = Promise.withResolvers<void>();
  bench.sink.gate = gate.promise;
  const followed = follow(bench);
  await eventually(() => {
    bench.clock.advance(100);
    expect(followed.states).toContainEqual({ kind: 'applying', recordsLeft: 2 });
  });
  gate.resolve();
  return followed;
}

test('ends when the sink holds what was in the log and the stream has passed', async () => {
  await using bench = await snapshotOfTwo({ polls: [[fetchedRecords('t', [0, 1])]] });
  const { states, reaches, ended } = await followHeld(bench);
  await reaches({ kind: 'catching-up' });
  // The reader said that five bytes were still to come.
  bench.reader().receivedLsn = lsn(0x1_0000_0015n);
  await reaches({ kind: 'done' });
  await ended;
  expect(states.map(({ kind }) => kind).filter((kind) => kind !== 'snapshot')).toEqual([
    'applying',
    'catching-up',
    'done',
  ]);
});

test('a table that is still read beside the stream is waited for', async () => {
  await using bench = await snapshotOfTwo({
    polls: [[fetchedRecords('t', [0, 1])]],
    script: (_receiver, _reader, signal) => aborted(signal),
  });
  const { states, reaches, ended } = follow(bench);
  await eventually(() => expect(bench.log).toContain('durable'));
  // The sink may be there before the source is.
  const reader = await eventually(() => bench.reader());
  reader.receivedLsn = lsn(0x1_0000_0015n);
  bench.clock.advance(100);
  bench.clock.advance(100);
  expect(states).toEqual([{ kind: 'snapshot' }]);
  bench.reader().tableRead = true;
  await reaches({ kind: 'catching-up' });
  bench.reader().receivedLsn = lsn(0x1_0000_001an);
  await reaches({ kind: 'done' });
  await ended;
});

test('what the stream brought meanwhile is waited for, in the log and in the sink', async () => {
  await using bench = await snapshotOfTwo({ polls: [[fetchedRecords('t', [0, 1])]] });
  const { states, reaches, controller, ended } = follow(bench);
  await reaches({ kind: 'catching-up' });
  const topic = await bench.source.transport.openTopic('t');
  await bench.source.transport.append(batchOf([{ topic, value: 'c' }]), null);
  bench.reader().receivedLsn = lsn(0x1_0000_0015n);
  await reaches({ kind: 'applying', recordsLeft: 1 });
  for (let i = 0; i < 5; i++) bench.clock.advance(100);
  expect(states.map(({ kind }) => kind)).not.toContain('done');
  controller.abort();
  await ended;
});

test('a source that ends by itself has no stream to wait for, but sinks', async () => {
  await using bench = await snapshotOfTwo({
    polls: [[fetchedRecords('t', [0, 1])]],
    script: () => Promise.resolve(),
  });
  const { reaches, ended } = await followHeld(bench);
  await reaches({ kind: 'done' });
  await ended;
});

test('a parked table ends it, with the code of what parked it', async () => {
  await using bench = await snapshotOfTwo({ polls: [[fetchedRecords('t', [0, 1])]] });
  bench.sink.parked = [parked];
  const { ended } = follow(bench);
  await eventually(() => expect(bench.log).toContain('durable'));
  bench.clock.advance(100);
  await expect(ended).rejects.toMatchObject({
    code: 'SINK_SCHEMA',
    message: 'parked: public.t: no column v',
  });
});

test('a sink that failed for good ends it', async () => {
  await using bench = await snapshotOfTwo({ polls: [[fetchedRecords('t', [0])]] });
  bench.sink.failures.push(new TidemarkError('SINK_AUTH', 'refused'));
  const { ended } = follow(bench);
  await eventually(() => expect(bench.pipeline.sinkFailure()).not.toBeNull());
  bench.clock.advance(100);
  await expect(ended).rejects.toMatchObject({ code: 'SINK_AUTH' });
});

test('an abort ends it without an error', async () => {
  await using bench = await snapshotOfTwo();
  const { ended, controller, states } = follow(bench);
  controller.abort();
  await ended;
  expect(states.map(({ kind }) => kind)).not.toContain('done');
});
