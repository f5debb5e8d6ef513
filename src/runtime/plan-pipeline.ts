import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { type TableSchema, tableName } from '../model/table-schema.ts';
import { checkFileSource } from './check-file-source.ts';
import { planKafkaTopics, type PlannedTopic } from './check-kafka.ts';
import { type FileSourceOptions, fileSourceOptionsOf } from './file-source-options.ts';
import { type PlannedSink, planSink } from './plan-sink.ts';
import { type PlannedSource, planSource } from './plan-source.ts';
import { recordProblems } from './record-checks.ts';
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

/** A record such as the table gives, with no values but the names that a table name may use. */
function sampleRecord(
  table: TableSchema,
  schemas: {
    readonly topic: string;
    readonly key: ConnectSchema | null;
    readonly envelope: ConnectSchema;
  },
): SinkRecord {
  const source = schemas.envelope.fields?.find(({ name }) => name === 'source')?.schema;
  const hasSchema = source?.fields?.some(({ name }) => name === 'schema') ?? false;
  const names: Readonly<Record<string, ConnectValue>> = {
    // A schema is a database in a binlog, whose source block has that name alone.
    db: hasSchema ? table.id.catalog : table.id.schema,
    schema: table.id.schema,
    table: table.id.table,
    name: schemas.topic.split('.', 1)[0] ?? '',
    op: 'r',
  };
  return {
    topic: schemas.topic,
    partition: 0,
    generation: 1,
    offset: 0,
    sequence: 0,
    timestampMs: 0,
    key: schemas.key === null ? null : sampleStruct(schemas.key, {}),
    value: sampleStruct(schemas.envelope, names),
    absent: [],
  };
}

function sampleStruct(
  schema: ConnectSchema,
  names: Readonly<Record<string, ConnectValue>>,
): Struct {
  const values = (schema.fields ?? []).map((field): ConnectValue => {
    if (field.name === 'source') return sampleStruct(field.schema, names);
    return names[field.name] ?? null;
  });
  return { schema, values };
}
