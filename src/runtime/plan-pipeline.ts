import type { ResolvedOptions } from '../config/option.ts';
import { postgresTarget } from '../../dialects/postgres/postgres-target-dialect.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { type TableSchema, tableName } from '../model/table-schema.ts';
import { TableNaming } from '../sink/sql/table-naming.ts';
import { recordColumns, wantedTable } from '../sink/sql/wanted-table.ts';
import { planCapture, readCatalog } from '../source/postgres/capture/capture-preparation.ts';
import { readSlot } from '../source/postgres/capture/postgres-slot.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { planKafkaTopics, type PlannedTopic } from './check-kafka.ts';
import { sinkTopics } from './compose-pipeline.ts';
import { recordProblems } from './record-checks.ts';
import { sinkOptionsOf } from './sink-options.ts';
import { loadedSourceOptions } from './column-converters.ts';
import { envelopeOptionsOf } from './source-options.ts';

/** What a run would create or change; nothing has been touched. */
export interface PipelinePlan {
  readonly slot: { readonly name: string; readonly exists: boolean };
  readonly publication: { readonly name: string; readonly statements: readonly string[] };
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

/** What a sink would find or make in its target. */
export interface PlannedSink {
  readonly name: string;
  /** For each topic the table, and the statements that make it when it is missing. */
  readonly tables: readonly {
    readonly topic: string;
    readonly table: string;
    readonly statements: readonly string[];
  }[];
}

/** Reads the source's catalog and works out what a run would do. Throws PG_* when it cannot. */
export async function planPipeline(
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<PipelinePlan> {
  const options = await loadedSourceOptions(config);
  const envelope = envelopeOptionsOf(config.source);
  const session = { replication: false, applicationName: 'tidemark plan' };
  await using wire = await PostgresWire.connect(options.connection, session, signal, clock);
  const plan = planCapture(await readCatalog(wire, options.publicationName, signal), options);
  const slot = await readSlot(wire, options.slotName, signal);
  const sources = plan.tables.map(({ info, schema }) => ({
    info,
    schema,
    schemas: tableRecordSchemas(schema, envelope),
  }));
  const schemas = plan.tables.map(({ schema }) => schema);
  return {
    slot: { name: options.slotName, exists: slot !== null },
    publication: {
      name: options.publicationName,
      statements: [...plan.identityStatements, ...plan.publicationPlan.statements],
    },
    tables: sources.map(({ info, schema, schemas }) => ({
      table: tableName(schema.id),
      topic: schemas.topic,
      key: schema.keyColumns.map((index) => schema.columns[index]?.name ?? ''),
      subjects: subjectsOf(config.source, schemas.topic, schemas.key !== null),
      estimatedRows: info.estimatedRows,
    })),
    sinks: config.sinks.map((sink) =>
      planSink(
        sink,
        config.source.options,
        sources.map(({ schema, schemas }) => sampleRecord(schema, schemas)),
      ),
    ),
    topics: config.transportType === 'kafka' ? await planKafkaTopics(config, schemas, clock) : null,
    problems: [
      ...plan.problems,
      ...plan.publicationPlan.problems,
      ...recordProblems(config, schemas),
    ],
    warnings: [...plan.warnings, ...plan.publicationPlan.warnings],
  };
}

function subjectsOf(source: ConnectorConfig, topic: string, hasKey: boolean): readonly string[] {
  const isAvro = (side: string): boolean => source.options.string(`${side}.converter`) === 'avro';
  return [
    ...(hasKey && isAvro('key') ? [`${topic}-key`] : []),
    ...(isAvro('value') ? [`${topic}-value`] : []),
  ];
}

function planSink(
  sink: ConnectorConfig,
  source: ResolvedOptions,
  records: readonly SinkRecord[],
): PlannedSink {
  const options = sinkOptionsOf(sink);
  const dialect = postgresTarget;
  const naming = new TableNaming(options, dialect.identifierBytesMax);
  const topics = sinkTopics(sink.options, source);
  const consumed = records.filter(({ topic }) =>
    topics instanceof RegExp ? topics.test(topic) : topics.includes(topic),
  );
  const tables = consumed.flatMap((record) => {
    const name = naming.target(record);
    if (name === null) return [];
    const columns = recordColumns(record, naming, options);
    const wanted = wantedTable(name, columns, dialect, options);
    const statements = options.schemaEvolution.create
      ? [
          dialect.createSchema(name.schema),
          ...dialect.createTable(name, wanted.columns, wanted.key),
        ]
      : [];
    return [{ topic: record.topic, table: `${name.schema}.${name.table}`, statements }];
  });
  return { name: sink.name, tables };
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
  const names: Readonly<Record<string, ConnectValue>> = {
    db: table.id.catalog,
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
