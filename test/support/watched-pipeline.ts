import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import type { Stall, StallCause } from '../../src/runtime/watch-view.ts';
import { eventually } from './eventually.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A pipeline in this process whose watch looks often and soon calls it a stall. */
export interface WatchedPipeline {
  readonly pipeline: Pipeline;
  /** Lines of its log: level and message. */
  readonly lines: readonly string[];
  /** Waits until it is told, of the source or of a sink. */
  readonly named: (cause: StallCause, sink?: string | null, table?: string) => Promise<Stall>;
  /** Waits until none of these is told any more, and the source has no other trouble. */
  readonly well: () => Promise<void>;
  readonly streaming: () => Promise<void>;
}

/** Stopped with the test. `more`: of the transport. */
export async function watchedPipeline(
  source: Properties,
  sinks: readonly Properties[] = [],
  more: Properties = {},
): Promise<WatchedPipeline> {
  const folder = await temporaryFolder('watched');
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const file = path.join(folder.path, 'shop.yaml');
  const name = `watched-${path.basename(folder.path)}`;
  const transport = { type: 'embedded', path: path.join(folder.path, 'store'), ...more };
  const soon = {
    'stall.watch.interval.ms': 100,
    'stall.after.ms': 600,
    'stall.transaction.ms': 500,
    'heartbeat.interval.ms': 0,
    'errors.retry.delay.initial.ms': 50,
    'errors.retry.delay.max.ms': 200,
  };
  await writeFile(file, JSON.stringify({ name, transport, source: { ...soon, ...source }, sinks }));
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${level} ${msg}`);
  };
  const logger = pino({ level: 'info', base: null }, { write });
  const { pipeline } = await composePipeline(loadPipelineFile(file), {
    clock: systemClock,
    logger,
    fault: noFaults,
  });
  onTestFinished(() => pipeline.stop());
  pipeline.start();
  const stalls = (): readonly Stall[] => pipeline.status().watch?.stalls ?? [];
  return {
    pipeline,
    lines,
    named: (cause, sink = null, table) =>
      eventually(() => {
        const found = stalls().find(
          (one) =>
            one.cause === cause &&
            one.sink === sink &&
            (table === undefined || one.table === table),
        );
        if (found === undefined) throw new Error(`${cause} is not told: ${told(stalls(), lines)}`);
        return found;
      }),
    well: () =>
      eventually(() => {
        const trouble = stalls().filter(({ severity }) => severity !== 'info');
        if (trouble.length > 0) throw new Error(`still told: ${told(trouble, lines)}`);
      }),
    streaming: () =>
      eventually(() => {
        const { source: view } = pipeline.status();
        if (view.phase !== 'streaming' || !view.connected) throw new Error(JSON.stringify(view));
      }),
  };
}

function told(stalls: readonly Stall[], lines: readonly string[]): string {
  return `${JSON.stringify(stalls)}\n${lines.slice(-10).join('\n')}`;
}
