import type {
  ColumnDefinition,
  TableDefinition,
} from '../../dialects/mysql/ddl/table-definition.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { RowChange } from '../model/change-event.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { TableSchema } from '../model/table-schema.ts';
import { tableName } from '../model/table-schema.ts';
import { planMysqlSource } from '../source/mysql/capture/mysql-plan.ts';
import { ChunkReader } from '../source/mysql/incremental/chunk-reader.ts';
import { orderedKey } from '../source/mysql/snapshot/key-range.ts';
import { readServerFacts } from '../source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../source/mysql/wire/mysql-session.ts';
import { planCapture, readCatalog } from '../source/postgres/capture/capture-preparation.ts';
import { WindowReader } from '../source/postgres/incremental/window-reader.ts';
import { overrideOf } from '../source/postgres/snapshot/select-override.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { MysqlSourceTable } from '../verify/mysql-source-table.ts';
import { PostgresSourceTable } from '../verify/postgres-source-table.ts';
import type { SourceTable } from '../verify/verify-ports.ts';
import { loadedSourceOptions } from './column-converters.ts';
import { loadedBinlogOptions } from './source-reading.ts';

/** A captured table. */
export interface VerifySourceTable {
  readonly schema: TableSchema;
  /** Why which rows a target should have is not known; null: it is. */
  readonly problem: TidemarkError | null;
}

/** How its rows are read for one sink. */
export interface RowsForSink {
  readonly topic: string;
  readonly keyColumns: readonly string[];
  readonly recordOf: (row: RowChange) => SinkRecord | null;
}

/** The captured tables of a pipeline, and a way to read them. */
export interface VerifySource extends AsyncDisposable {
  /** Those that are to be compared. */
  readonly tables: readonly VerifySourceTable[];
  /** All that are captured. */
  readonly captured: readonly TableSchema[];
  read(table: VerifySourceTable, rows: RowsForSink): SourceTable;
}

interface SourceContext {
  readonly clock: Clock;
  readonly warn: (text: string) => void;
}

interface SourceRequest {
  /** Patterns over `schema.table`; empty: all. */
  readonly tables: readonly RegExp[];
  readonly waitMs: number;
}

/** Of rows that are in memory at once. */
const READ_BYTES = 16 * 1024 * 1024;

/** Reads the catalog of the source. Throws when it cannot be reached, or nothing is captured. */
export async function openVerifySource(
  config: PipelineConfig,
  request: SourceRequest,
  context: SourceContext,
  signal: AbortSignal,
): Promise<VerifySource> {
  return sourceFamily(config.source.connectorClass) === 'postgres'
    ? openPostgres(config, request, context, signal)
    : openBinlog(config, request, context, signal);
}

async function openBinlog(
  config: PipelineConfig,
  request: SourceRequest,
  { clock, warn }: SourceContext,
  signal: AbortSignal,
): Promise<VerifySource> {
  const options = await loadedBinlogOptions(config);
  const plan = await planMysqlSource(
    { options, pipeline: config.name, stored: undefined },
    signal,
    clock,
  );
  if (plan.problems.length > 0 || plan.source === null) throw new TidemarkErrors(plan.problems);
  for (const { message } of plan.warnings) warn(message);
  const chosen = chosenTables(plan.tables, request.tables);
  const { connection } = options;
  const connect = (until: AbortSignal): Promise<MysqlSession> =>
    MysqlSession.connect(connection, until, clock);
  const session = await connect(signal);
  const facts = await readServerFacts(session, signal);
  await session.close();
  const reader = new ChunkReader(connect, facts, options.snapshotLockTimeoutMs, READ_BYTES);
  const tables = chosen.map((captured) => ({
    schema: captured.schema,
    problem: overridden(overrideOf(options.snapshots.overrides, captured.schema.id)),
  }));
  return {
    tables,
    captured: plan.tables.map(({ schema }) => schema),
    read(table, rows) {
      const captured = must(
        chosen.find(({ schema }) => schema === table.schema),
        'a table of this source',
      );
      const { estimatedRows } = captured.info;
      const key = orderOf(captured.definition, rows.keyColumns);
      return new MysqlSourceTable({ ...rows, captured, key, estimatedRows, reader, clock });
    },
    [Symbol.asyncDispose]: () => reader.close(),
  };
}

/** The key of the target has to be what orders rows: then each is found, and none twice. */
function orderOf(
  definition: TableDefinition,
  names: readonly string[],
): readonly ColumnDefinition[] {
  const order = orderedKey(definition)?.columns ?? [];
  if (order.map(({ name }) => name).join('\0') === names.join('\0')) return order;
  const what = `a table whose key in the target (${names.join(', ')}) is not the one of the source`;
  throw new TidemarkError('CONFIG_UNSUPPORTED', `verify does not compare ${what}`, {
    cure: 'Leave the table out with --table.',
  });
}

async function openPostgres(
  config: PipelineConfig,
  request: SourceRequest,
  { clock, warn }: SourceContext,
  signal: AbortSignal,
): Promise<VerifySource> {
  const options = await loadedSourceOptions(config);
  const session = { replication: false, applicationName: 'tidemark verify' };
  await using wire = await PostgresWire.connect(options.connection, session, signal, clock);
  const plan = planCapture(await readCatalog(wire, options.publicationName, signal), options);
  if (plan.problems.length > 0) throw new TidemarkErrors(plan.problems);
  for (const warning of plan.warnings) warn(warning);
  const chosen = chosenTables(plan.tables, request.tables);
  const reader = new WindowReader(
    (one, until) => PostgresWire.connect(options.connection, one, until, clock),
    READ_BYTES,
  );
  const tables = chosen.map((captured) => ({
    captured,
    schema: captured.schema,
    problem: overridden(overrideOf(options.snapshots.overrides, captured.schema.id)),
  }));
  const { waitMs } = request;
  return {
    tables,
    captured: plan.tables.map(({ schema }) => schema),
    read(table, rows) {
      const captured = must(
        chosen.find(({ schema }) => schema === table.schema),
        'a table of this source',
      );
      return new PostgresSourceTable({ ...rows, captured, reader, clock, waitMs });
    },
    [Symbol.asyncDispose]: () => reader.close(),
  };
}

function chosenTables<T extends { readonly schema: TableSchema }>(
  tables: readonly T[],
  patterns: readonly RegExp[],
): readonly T[] {
  const nameOf = ({ schema }: T): string => tableName(schema.id);
  const chosen = tables.filter((table) => {
    return patterns.length === 0 || patterns.some((pattern) => pattern.test(nameOf(table)));
  });
  if (chosen.length > 0) return chosen;
  const names = tables.map(nameOf).join(', ');
  throw new TidemarkError('USAGE', `--table matches none of the captured tables: ${names}`);
}

function overridden(statement: string | null): TidemarkError | null {
  if (statement === null) return null;
  const what = 'a table with a snapshot.select.statement.overrides: its stream has other rows';
  return new TidemarkError('CONFIG_UNSUPPORTED', `verify does not compare ${what}`, {
    cure: 'Leave the table out with --table.',
  });
}
