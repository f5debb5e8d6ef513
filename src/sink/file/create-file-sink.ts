import type { Clock } from '../../foundation/clock.ts';
import type { SinkTask } from '../../model/sink-record.ts';
import { FileSink } from './file-sink.ts';
import type { LineFileParts } from './line-file.ts';
import { lineFormat, type LineFormat } from './record-lines.ts';
import { StandardOutputSink } from './standard-output-sink.ts';

/** What a file sink is told. */
export interface FileSinkOptions {
  /** `pipeline/sink`: whose lines they are. */
  readonly owner: string;
  /** Absolute; null: standard output. */
  readonly file: string | null;
  readonly format: LineFormat;
}

/** What a file sink takes from the process around it. */
export interface FileSinkSurroundings extends Pick<LineFileParts, 'warn' | 'note'> {
  readonly clock: Clock;
}

/** A sink task into a file, or to standard output. Nothing is opened before `start`. */
export function createFileSink(
  { owner, file, format }: FileSinkOptions,
  { clock, warn, note }: FileSinkSurroundings,
): SinkTask {
  const lineOf = lineFormat(format);
  if (file === null) return new StandardOutputSink(lineOf, clock);
  return new FileSink({ file, owner, warn, note }, lineOf);
}
