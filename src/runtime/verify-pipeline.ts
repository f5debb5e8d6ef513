import { parseColumnText } from '../../dialects/text-values.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { TableRecordSchemas } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import { rowColumns, tableName } from '../model/table-schema.ts';
import { isDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import type { Transport } from '../transport/transport.ts';
import type { PaceOptions } from '../verify/read-pace.ts';
import { ReadPace } from '../verify/read-pace.ts';
import type { Sample } from '../verify/sampled-ranges.ts';
import type { OwnerTable } from '../verify/nested-places.ts';
import type { ValueOfText } from '../verify/document-keys.ts';
import type { TableVerdict } from '../verify/table-verification.ts';
import { TableVerification } from '../verify/table-verification.ts';
import type { RowRepair } from '../verify/verify-ports.ts';
import { convertersOf } from './converters.ts';
import { deadLetterTopics } from './dead-letter-options.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import { headerKeysOf } from './header-keys.ts';
import { pipelineTransforms } from './pipeline-transforms.ts';
import { sampleRecord } from './sample-record.ts';
import { sinkTopics } from './sink-topics.ts';
import { SinkTransforms } from './sink-transforms.ts';
import { envelopeOptionsOf } from './source-options.ts';
import { requireDatabase, sourcePartition } from './source-partition.ts';
import type { RecordPath } from './verified-records.ts';
import { VerifiedRecords } from './verified-records.ts';
import { PipelineLog } from './verify-log.ts';
import { searchSinkSettings } from './search-sink-options.ts';
import { sinkOptionsOf } from './sink-options.ts';
import type { VerifyTarget } from './verify-targets.ts';
import { openVerifyTarget } from './verify-targets.ts';
import type { VerifySource, VerifySourceTable } from './verify-source.ts';
import { openVerifySource } from './verify-source.ts';
import { notCompared } from '../verify/not-compared.ts';

/** What `verify` is asked for. */
export interface VerifyRequest {
  /** Patterns over `schema.table`; empty: all. */
  readonly tables: readonly RegExp[];
  /** Null: all of the pipeline that have tables. */
  readonly sink: string | null;
  readonly rowsPerSecond: number | null;
  /** Of each table; absent: all rows. */
  readonly sample?: Sample | null;
  /** When the source may be read; absent: always. */
  readonly hours?: NonNullable<PaceOptions['hours']> | null;
  readonly waitMs: number;
  /** How many differences of a table are told with their values. */
  readonly shown: number;
}

/** A table of one sink, and what it came to. */
export interface VerifiedTable {
  readonly sink: string;
  readonly source: string;
  /** Null: it could not be compared. */
  readonly target: string | null;
  readonly keyColumns: readonly string[];
  readonly verdict: TableVerdict | null;
  /** Why it could not be compared; null: it was. */
  readonly problem: TidemarkError | null;
}

/** How far it is. */
export interface VerifyProgress {
  readonly sink: string;
  readonly table: string;
  readonly rows: number;
  /** That are to be compared; negative: nobody knows. */
  readonly estimatedRows: number;
  readonly suspects: number;
}

/** What a run of `verify` works with. */
export interface VerifyContext {
  /** The log of the pipeline, opened by whoever owns it. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** Null: what differs is named only. */
  readonly repair: RowRepair | null;
  readonly warn: (text: string) => void;
  readonly onProgress: (progress: VerifyProgress) => void;
}

/**
 * Compares the tables of a pipeline with those of its sinks, one after the other. Throws what is
 * wrong with the file, the source or a connection; what is wrong with a table stands in its place
 * of the result.
 */
export async function verifyPipeline(
  config: PipelineConfig,
  request: VerifyRequest,
  context: VerifyContext,
  signal: AbortSignal,
): Promise<readonly VerifiedTable[]> {
  requireDatabase(config.source, 'verify');
  const sinks = chosenSinks(config, request.sink);
  const noHypertables = { load: () => Promise.resolve(new Map<string, never>()) };
  const chains = await pipelineTransforms(config, context.warn, noHypertables);
  await using source = await openVerifySource(config, request, context, signal);
  const results: VerifiedTable[] = [];
  for (const sink of sinks) {
    const chain = chains.sinks.get(sink.name) ?? null;
    const transforms = chain === null ? null : new SinkTransforms(chain);
    await using verification = await SinkVerification.open(
      { config, sink, source, request, context, transforms, apply: chains.source },
      signal,
    );
    for (const table of source.tables) {
      const result = await verification.table(table, signal);
      if (result !== null) results.push(result);
    }
  }
  return results;
}

interface SinkParts {
  readonly config: PipelineConfig;
  readonly sink: ConnectorConfig;
  readonly source: VerifySource;
  readonly request: VerifyRequest;
  readonly context: VerifyContext;
  readonly transforms: SinkTransforms | null;
  /** Transforms of the source. */
  readonly apply: ApplyChain | null;
}

/** The tables of one sink: a session with its target, and what its records come through. */
class SinkVerification implements AsyncDisposable {
  readonly #parts: SinkParts;
  readonly #target: VerifyTarget;
  readonly #path: RecordPath;
  readonly #log: PipelineLog;
  readonly #topics: readonly string[] | RegExp;

  private constructor(parts: SinkParts, target: VerifyTarget) {
    const { config, sink, request, context, transforms, apply } = parts;
    const { options: source } = config.source;
    const { transport, clock } = context;
    this.#parts = parts;
    this.#target = target;
    const { key, value } = convertersOf(source, new EmbeddedRegistry(transport.documents));
    const defaults = {
      key: key.replaceNullWithDefault ?? false,
      value: value.replaceNullWithDefault ?? false,
    };
    this.#path = { envelope: envelopeOptionsOf(config.source), apply, transforms, defaults };
    this.#log = new PipelineLog({
      transport,
      name: config.name,
      partition: sourcePartition(config.source),
      converters: { key: key.converter, value: value.converter },
      transforms,
      clock,
      waitMs: request.waitMs,
    });
    this.#topics = sinkTopics(sink.options, source, deadLetterTopics(config));
  }

  static async open(parts: SinkParts, signal: AbortSignal): Promise<SinkVerification> {
    const { config, sink, context } = parts;
    const target = await openVerifyTarget(config, sink, context.transport, signal);
    return new SinkVerification(parts, target);
  }

  /** Null: the sink does not read the table. */
  async table(table: VerifySourceTable, signal: AbortSignal): Promise<VerifiedTable | null> {
    const source = tableName(table.schema.id);
    const result = { sink: this.#parts.sink.name, source, target: null, keyColumns: [] };
    try {
      return await this.#compared(table, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const problem = toTidemarkError(thrown, 'SINK_SERVER');
      if (this.#target.broken || problem.code === 'VERIFY_BEHIND') throw problem;
      return { ...result, verdict: null, problem };
    }
  }

  async #compared(table: VerifySourceTable, signal: AbortSignal): Promise<VerifiedTable | null> {
    const { sink, source, request, context } = this.#parts;
    const { clock } = context;
    const { schema } = table;
    const schemas = tableRecordSchemas(schema, this.#path.envelope);
    const records = new VerifiedRecords(this.#path, schema, schemas);
    const sample = records.passed(sampleRecord(schema, schemas));
    if (sample === null || !isAmong(this.#topics, sample.topic)) return null;
    if (table.problem !== null) throw table.problem;
    if (headerKeysOf(sink) !== null) throw notCompared('keys in headers: rows have none');
    const valueOf = keyValues(schema, schemas);
    const ownerOf = (topic: string): OwnerTable | null => this.#ownerOf(topic);
    const target = await this.#target.table({ sample, valueOf, ownerOf }, signal);
    const rows = source.read(table, {
      topic: sample.topic,
      keyColumns: sourceKeyColumns(schema, schemas, target.keyFields),
      recordOf: (row) => inTopic(records.of(row), sample.topic),
    });
    const names = { sink: sink.name, table: rows.name };
    const verification = new TableVerification({
      source: rows,
      target,
      log: this.#log,
      repair: context.repair,
      sample: request.sample ?? null,
      pace: new ReadPace({ clock, hours: null, ...request }),
      clock,
      waitMs: request.waitMs,
      shown: request.shown,
      onProgress: (done, estimatedRows, suspects) =>
        context.onProgress({ ...names, rows: done, estimatedRows, suspects }),
    });
    const verdict = await verification.run(signal);
    const { keyColumns, name } = target;
    return { sink: sink.name, source: rows.name, target: name, keyColumns, verdict, problem: null };
  }

  #ownerOf(topic: string): OwnerTable | null {
    for (const schema of this.#parts.source.captured) {
      const schemas = tableRecordSchemas(schema, this.#path.envelope);
      try {
        const records = new VerifiedRecords(this.#path, schema, schemas);
        const sample = records.passed(sampleRecord(schema, schemas));
        if (sample?.topic !== topic || sample.key === null) continue;
        const key = sample.key.schema;
        const names = (key.fields ?? []).map(({ name }) => name);
        const keyColumns = sourceKeyColumns(schema, schemas, names);
        const table = { name: tableName(schema.id), keyColumns };
        return { table, key, valueOf: keyValues(schema, schemas) };
      } catch (thrown) {
        // Rows of such a table cannot be asked for by their keys; it is not the one compared.
        if (!(thrown instanceof TidemarkError)) throw thrown;
      }
    }
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
  }
}

/** The column of the source that a field of the target's key is made of. */
function sourceColumn(
  schema: TableSchema,
  { key, row }: TableRecordSchemas,
  name: string,
): ColumnSchema | undefined {
  const ofKey = schema.keyColumns.map((index) => schema.columns[index]);
  const inKey = key?.fields?.findIndex((field) => field.name === name) ?? -1;
  const inRow = row.fields?.findIndex((field) => field.name === name) ?? -1;
  return inKey >= 0 ? ofKey[inKey] : rowColumns(schema)[inRow];
}

/** Reads texts of keys as rows of the source are read. */
function keyValues(schema: TableSchema, schemas: TableRecordSchemas): ValueOfText {
  return (field, text) => {
    const column = sourceColumn(schema, schemas, field);
    try {
      return column === undefined ? undefined : parseColumnText(schema.id, column, text);
    } catch {
      // It is no text of that type.
      return undefined;
    }
  };
}

/** Of the source, those that such fields of a key are made of. */
function sourceKeyColumns(
  schema: TableSchema,
  schemas: TableRecordSchemas,
  keyFields: readonly string[],
): readonly string[] {
  return keyFields.map((name) => {
    const column = sourceColumn(schema, schemas, name);
    if (column === undefined) throw notCompared(`a key with ${name}, which is no column`);
    if (column.mask !== undefined) throw notCompared(`a key with ${name}, which is masked`);
    if (column.format.kind === 'custom') throw notCompared(`a converted key (${name})`);
    return column.name;
  });
}

function inTopic(record: SinkRecord | null, topic: string): SinkRecord | null {
  if (record === null || record.topic === topic) return record;
  throw notCompared('tables whose rows transforms send to several topics');
}

function isAmong(topics: readonly string[] | RegExp, topic: string): boolean {
  return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic);
}

/** Those whose targets are compared. Throws USAGE where there are none. */
export function chosenSinks(
  config: PipelineConfig,
  name: string | null,
): readonly ConnectorConfig[] {
  const withTables = config.sinks.filter((sink) => fileSinkOptionsOf(config, sink) === null);
  const chosen = name === null ? withTables : withTables.filter((sink) => sink.name === name);
  if (chosen.length > 0) return chosen;
  const names = withTables.map((sink) => sink.name).join(', ');
  const what = name === null ? 'no sink' : `no sink ${name}`;
  const has = names === '' ? '' : `; it has ${names}`;
  throw new TidemarkError('USAGE', `${config.file} has ${what} with tables to compare${has}`);
}

/** Whether only the process that runs the pipeline can read what a sink has written. */
export function needsDaemon(config: PipelineConfig, sink: string | null): boolean {
  return chosenSinks(config, sink).some(
    (one) => searchSinkSettings(one) === null && isDuckdbUrl(sinkOptionsOf(one).connectionUrl),
  );
}
