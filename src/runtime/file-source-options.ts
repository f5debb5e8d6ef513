import path from 'node:path';
import { isFileSourceClass } from '../config/file-source-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { LineSourceOptions } from '../source/file/line-source.ts';
import type { SourceLineFormat } from './line-records.ts';

/** What a source of lines is told, from its properties. */
export interface FileSourceOptions extends LineSourceOptions {
  readonly format: SourceLineFormat;
  /** Null: the lines name it. */
  readonly topic: string | null;
}

/** Null: the source is a database. */
export function fileSourceOptionsOf({
  source: { connectorClass, options },
  file: pipelineFile,
}: Pick<PipelineConfig, 'source' | 'file'>): FileSourceOptions | null {
  if (!isFileSourceClass(connectorClass)) return null;
  const name = options.optionalString('file') ?? null;
  const folder = path.dirname(path.resolve(pipelineFile));
  return {
    name,
    path: name === null ? '' : path.resolve(folder, name),
    format: options.string('format') as SourceLineFormat,
    topic: options.optionalString('topic') ?? null,
    batchLines: options.number('batch.size'),
    pollIntervalMs: options.number('poll.interval.ms'),
    invalidText: options.string('invalid.text') as LineSourceOptions['invalidText'],
  };
}

/** Topics that a sink reads of such a source: its one topic, or whatever its lines name. */
export function fileTopics(
  sink: ResolvedOptions,
  source: ResolvedOptions,
): readonly string[] | RegExp {
  const pattern = sink.optionalPattern('topics.regex');
  if (pattern !== undefined) return pattern;
  const topics = sink.list('topics');
  if (topics.length > 0) return topics;
  const topic = source.optionalString('topic');
  return topic === undefined ? /^(?!__).+$/ : [topic];
}
