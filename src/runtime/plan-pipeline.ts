import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import { tableName } from '../model/table-schema.ts';
import { checkFileSource } from './check-file-source.ts';
import { planKafkaTopics, type PlannedTopic } from './check-kafka.ts';
import { type FileSourceOptions, fileSourceOptionsOf } from './file-source-options.ts';
import { planSink } from './plan-sink.ts';
import type { PlannedSink } from './planned-sink.ts';
import { type PlannedSource, planSource } from './plan-source.ts';
import { recordProblems } from './record-checks.ts';
import { sampleRecord } from './sample-record.ts';
import { envelopeOptionsOf } from './source-options.ts';

/** What a run would create or change; nothing has been touched. */
export interface PipelinePlan {
  readonly source: PlannedSource;
  readonly tables: readonly PlannedTable[];
  readonly sinks: readonly PlannedSink[];
  /** In Kafka; null: the log is embedded. */
  readonly topics: readonly PlannedTopic[] | null;
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}

/** A table that would be captured. */
export interface PlannedTable {
  readonly table: string;
  readonly topic: string;
  readonly key: readonly string[];
  /** Of the schema registry; none with JSON. */
  readonly subjects: readonly string[];
  readonly estimatedRows: number;
}

/** Reads the source's catalog and works out what a run would do. Throws when it cannot. */
export async function planPipeline(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<PipelinePlan> {
  const file = fileSourceOptionsOf(config);
  if (file !== null) return planFilePipeline(config, file, signal);
  const envelope = envelopeOptionsOf(config.source);
  const plan = await planSource(config, signal, clock);
  const sources = plan.tables.map(({ schema, estimatedRows }) => ({
    estimatedRows,
    schema,
    schemas: tableRecordSchemas(schema, envelope),
  }));
  const schemas = plan.tables.map(({ schema }) => schema);
  const samples = sources.map((one) => sampleRecord(one.schema, one.schemas));
  return {
    source: plan.source,
    tables: sources.map(({ estimatedRows, schema, schemas }) => ({
      table: tableName(schema.id),
      topic: schemas.topic,
      key: schema.keyColumns.map((index) => schema.columns[index]?.name ?? ''),
      subjects: subjectsOf(config.source, schemas.topic, schemas.key !== null),
      estimatedRows,
    })),
    sinks: await Promise.all(config.sinks.map((sink) => planSink(config, sink, samples, signal))),
    topics: config.transportType === 'kafka' ? await planKafkaTopics(config, schemas, clock) : null,
    problems: [...plan.problems, ...recordProblems(config, schemas)],
    warnings: plan.warnings,
  };
}

/** What tables lines come to only they tell, one by one. */
async function planFilePipeline(
  config: PipelineConfig,
  file: FileSourceOptions,
  signal: AbortSignal,
): Promise<PipelinePlan> {
  const { problems, warnings } = await checkFileSource(file);
  return {
    source: { kind: 'file', file: file.name === null ? null : file.path, topic: file.topic },
    tables: [],
    sinks: await Promise.all(config.sinks.map((sink) => planSink(config, sink, [], signal))),
    topics: config.transportType === 'kafka' ? [] : null,
    problems,
    warnings,
  };
}

function subjectsOf(source: ConnectorConfig, topic: string, hasKey: boolean): readonly string[] {
  const isAvro = (side: string): boolean => source.options.string(`${side}.converter`) === 'avro';
  return [
    ...(hasKey && isAvro('key') ? [`${topic}-key`] : []),
    ...(isAvro('value') ? [`${topic}-value`] : []),
  ];
}
