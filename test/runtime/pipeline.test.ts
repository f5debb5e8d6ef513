import { expect, test, vi } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineBench } from '../support/pipeline-bench.ts';
import { aborted } from '../support/scripted-reader.ts';
import { fetchedRecords } from '../support/scripted-sink.ts';

test('a source that failed for good ends the pipeline with its error', async () => {
  await using bench = await pipelineBench({
    script: () => Promise.reject(new TidemarkError('PG_AUTH', 'refused')),
  });
  const { pipeline, messages } = bench;
  pipeline.start();
  await expect(pipeline.finished).rejects.toMatchObject({ code: 'PG_AUTH' });
  expect(pipeline.sourceFailure()).toMatchObject({ code: 'PG_AUTH' });
  expect(pipeline.sinkFailure()).toBeNull();
  expect(pipeline.status()).toMatchObject({ healthy: false, source: { state: 'failed' } });
  expect(messages).toContainEqual(
    expect.objectContaining({ task: 'source', msg: 'task failed: refused; the pipeline stops' }),
  );
});

test('an error that the caller shows is not told twice', async () => {
  await using bench = await pipelineBench({
    script: () => Promise.reject(new TidemarkError('PG_AUTH', 'refused')),
    showsFailure: true,
  });
  bench.pipeline.start();
  await expect(bench.pipeline.finished).rejects.toMatchObject({ code: 'PG_AUTH' });
  expect(bench.messages.filter(({ msg }) => msg.includes('refused'))).toEqual([]);
});

test('a task that is being tried again is not well before it is connected', async () => {
  let lives = 0;
  await using bench = await pipelineBench({
    script: (_receiver, reader, signal) => {
      reader.connected = false;
      lives++;
      return lives === 1
        ? Promise.reject(new TidemarkError('PG_CONNECTION_LOST', 'cut'))
        : aborted(signal);
    },
  });
  const { pipeline, clock } = bench;
  pipeline.start();
  await eventually(() => {
    clock.advance(100);
    expect(lives).toBe(2);
  });
  expect(pipeline.status()).toMatchObject({
    healthy: false,
    source: { state: 'running', error: { code: 'PG_CONNECTION_LOST' } },
  });
  bench.reader().connected = true;
  expect(pipeline.status()).toMatchObject({ healthy: true, source: { error: null } });
});

test('a sink that failed for good is told loudly; the source and the pipeline go on', async () => {
  await using bench = await pipelineBench({ polls: [[fetchedRecords('t', [0])]] });
  const { pipeline, sink, messages } = bench;
  sink.failures.push(new TidemarkError('SINK_AUTH', 'refused'));
  pipeline.start();
  await eventually(() => expect(pipeline.sinkFailure()).toMatchObject({ code: 'SINK_AUTH' }));
  expect(pipeline.sourceFailure()).toBeNull();
  // The sink may have failed before the source was up.
  await eventually(() => expect(pipeline.status().source.state).toBe('running'));
  expect(pipeline.status()).toMatchObject({
    healthy: false,
    source: { state: 'running' },
    sinks: [{ name: 'warehouse', state: 'failed', error: { code: 'SINK_AUTH' } }],
  });
  const failed = messages.find(({ msg }) => msg.startsWith('task failed: refused; '));
  expect(failed).toMatchObject({ level: 50, task: 'warehouse' });
  expect(failed?.msg).toContain('FED NO MORE');
  await pipeline.stop();
  await pipeline.finished;
});

test('source and sinks are each tried again as often as they are told', async () => {
  await using bench = await pipelineBench({
    polls: [[fetchedRecords('t', [0])]],
    maxRetries: { source: -1, sink: 0 },
    script: (_receiver, reader, signal) =>
      bench.source.readers.indexOf(reader) === 0
        ? Promise.reject(new TidemarkError('PG_CONNECTION_LOST', 'cut'))
        : aborted(signal),
  });
  const { pipeline, sink, clock } = bench;
  sink.failures.push(new TidemarkError('SINK_CONNECT', 'cut'));
  pipeline.start();
  // With errors.max.retries 0 an error that may pass is final for the sink, not for the source.
  await eventually(() => expect(pipeline.sinkFailure()).toMatchObject({ code: 'SINK_CONNECT' }));
  await eventually(() => expect(pipeline.status().source.state).toBe('backing-off'));
  clock.advance(1000);
  await eventually(() => expect(pipeline.status().source.state).toBe('running'));
});

test('a stop goes with the stream: source, then sinks, then the store', async () => {
  const order: string[] = [];
  await using bench = await pipelineBench({
    script: async (_receiver, _reader, signal) => {
      await aborted(signal);
      order.push(`source ends, sink ${bench.sink.disposed === 0 ? 'runs' : 'is gone'}`);
    },
  });
  const { pipeline, sink, source } = bench;
  pipeline.start();
  await eventually(() => expect(pipeline.status().sinks[0]?.state).toBe('running'));
  await eventually(() => expect(pipeline.status().source.state).toBe('running'));
  const close = source.transport[Symbol.asyncDispose].bind(source.transport);
  vi.spyOn(source.transport, Symbol.asyncDispose).mockImplementation(async () => {
    order.push(`store closes, sink ${sink.disposed === 0 ? 'runs' : 'is gone'}`);
    await close();
  });
  await Promise.all([pipeline.stop(), pipeline.stop()]);
  await pipeline.finished;
  expect(order).toEqual(['source ends, sink runs', 'store closes, sink is gone']);
});

test('a sink that hangs makes the stop end with SHUTDOWN_TIMEOUT', async () => {
  await using bench = await pipelineBench({ polls: [[fetchedRecords('t', [0])]] });
  const { pipeline, sink, clock, log } = bench;
  const gate = Promise.withResolvers<void>();
  sink.gate = gate.promise;
  pipeline.start();
  await eventually(() => expect(log.some((line) => line.startsWith('put'))).toBe(true));
  const stopped = pipeline.stop();
  stopped.catch(() => undefined);
  clock.advance(5_000);
  await expect(stopped).rejects.toMatchObject({
    code: 'SHUTDOWN_TIMEOUT',
    message: 'the pipeline did not stop within 5000 ms',
  });
  gate.resolve();
  await pipeline.finished;
});
