import type { PipelineConfig } from '../config/pipeline-config.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { LineSource } from '../source/file/line-source.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import { convertersOf } from './converters.ts';
import { sourceErrorsOf } from './dead-letter-options.ts';
import { fileSourceOptionsOf } from './file-source-options.ts';
import { type FileSourceParts, FileSourceTask } from './file-source-task.ts';
import { recordOfLine } from './line-records.ts';
import { publisherLimits } from './publisher-limits.ts';
import { RecordWriter } from './record-writer.ts';
import { SourceDeadLetters } from './source-dead-letters.ts';
import { sourcePartition } from './source-partition.ts';
import type { LoadedSource } from './source-reading.ts';
import type { SourceStatistics } from './source-statistics.ts';
import type { SchemaRegistry } from '../converter/converter.ts';

/** What the parts of a pipeline around the source are. */
export interface FileSourceSurroundings {
  readonly transport: Transport;
  readonly registry: SchemaRegistry;
  readonly statistics: SourceStatistics;
  /** Null: the source has no transforms. */
  readonly apply: ApplyChain | null;
}

/** What the process around gives it. */
export type FileSourceDependencies = Pick<FileSourceParts, 'clock' | 'logger' | 'fault'> &
  Partial<Pick<FileSourceParts, 'onDurable'>>;

/** The source of a pipeline that reads lines. */
export function composeFileSource(
  config: PipelineConfig,
  { transport, registry, statistics, apply }: FileSourceSurroundings,
  topicOptions: TopicOptions,
  { clock, logger, fault, onDurable }: FileSourceDependencies,
): FileSourceTask {
  const options = must(fileSourceOptionsOf(config), 'a source that reads a file');
  const { key, value } = convertersOf(config.source.options, registry);
  const ownLogger = logger.child({ task: 'source' });
  const parts = {
    options,
    input: process.stdin,
    clock,
    note: (text: string) => ownLogger.info(text),
    warn: (text: string) => ownLogger.warn(text),
  };
  const errors = sourceErrorsOf(config);
  const letters =
    errors === null
      ? {}
      : { letters: new SourceDeadLetters({ ...errors, transport, clock, logger: ownLogger }) };
  return new FileSourceTask({
    name: config.name,
    partition: sourcePartition(config.source),
    transport,
    openReader: () => new LineSource(parts),
    recordOf: recordOfLine(options.format, options.topic),
    topic: options.topic,
    ...letters,
    writer: new RecordWriter({
      transport,
      key: key.converter,
      value: value.converter,
      topicOptions,
      apply: apply ?? ((record) => record),
      ...letters,
    }),
    resumes: options.name !== null,
    statistics,
    limits: publisherLimits(config),
    clock,
    logger: ownLogger,
    fault,
    onDurable: onDurable ?? (() => undefined),
  });
}

/** Throws CONFIG_UNSUPPORTED: a transform asks a database, and the source is a file. */
export function databaseOf(source: LoadedSource | null): LoadedSource {
  if (source !== null) return source;
  const what = 'transforms: the one for TimescaleDb needs a source of PostgreSQL';
  throw new TidemarkError('CONFIG_UNSUPPORTED', what);
}
