import pino from 'pino';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { Pipeline } from '../../src/runtime/pipeline.ts';
import { SinkRunner } from '../../src/runtime/sink-runner.ts';
import type { FetchedRecords } from '../../src/transport/transport.ts';
import { FakeClock } from './fake-clock.ts';
import { aborted, type ReaderScript, type ScriptedReader } from './scripted-reader.ts';
import { ScriptedConsumer, ScriptedSink } from './scripted-sink.ts';
import { sourceTaskBench, type SourceTaskBench } from './source-task-bench.ts';

/** A pipeline over a real store, a scripted source and one scripted sink. */
export interface PipelineBench extends AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly source: SourceTaskBench;
  readonly sink: ScriptedSink;
  /** Calls of the sink and its consumer, in order. */
  readonly log: string[];
  /** Messages of the log, with the task and the level. */
  readonly messages: { level: number; task: string; msg: string }[];
  readonly clock: FakeClock;
  reader(): ScriptedReader;
}

export interface PipelineBenchOptions {
  readonly script?: ReaderScript;
  readonly polls?: FetchedRecords[][];
  readonly showsFailure?: boolean;
  readonly maxRetries?: { readonly source: number; readonly sink: number };
}

/** By default the source streams nothing and the sink gets nothing. */
export async function pipelineBench(options: PipelineBenchOptions = {}): Promise<PipelineBench> {
  const { polls = [], maxRetries = { source: -1, sink: -1 } } = options;
  const source = await sourceTaskBench(
    options.script ?? ((_receiver, _reader, signal) => aborted(signal)),
  );
  const clock = new FakeClock();
  const log: string[] = [];
  const messages: PipelineBench['messages'] = [];
  const logger = pino(
    { level: 'info', base: null },
    { write: (line: string) => messages.push(JSON.parse(line) as PipelineBench['messages'][0]) },
  );
  const sink = new ScriptedSink(log);
  const runner = new SinkRunner({
    name: 'warehouse',
    group: 'connect-warehouse',
    topics: /^t$/,
    transport: new ScriptedConsumer(log, polls, []).asTransport(),
    openTask: () => sink,
    converters: { key: new JsonConverter(), value: new JsonConverter() },
    maxPollBytes: 1000,
    fencedGraceMs: 0,
    commitIntervalMs: 1_000_000,
    clock,
    logger,
    fault: () => undefined,
  });
  const retry = { initialDelayMs: 100, maxDelayMs: 1000 };
  const pipeline = new Pipeline({
    name: 'shop',
    transport: source.transport,
    source: source.task,
    statistics: source.statistics,
    sourceRetry: { ...retry, maxRetries: maxRetries.source },
    sinks: [{ runner, retry: { ...retry, maxRetries: maxRetries.sink } }],
    shutdownTimeoutMs: 5_000,
    clock,
    logger,
    showsFailure: options.showsFailure ?? false,
  });
  return {
    pipeline,
    source,
    sink,
    log,
    messages,
    clock,
    reader() {
      const reader = source.readers.at(-1);
      if (reader === undefined) throw new Error('the source has not started');
      return reader;
    },
    async [Symbol.asyncDispose]() {
      await pipeline.stop().catch(() => undefined);
      await source[Symbol.asyncDispose]();
    },
  };
}
