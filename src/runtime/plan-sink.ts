import type { TargetDialect, TargetTable } from '../../dialects/dialect.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { changeColumns } from '../sink/sql/change-columns.ts';
import { plannedHistory } from '../sink/sql/history-table.ts';
import type { PlannedStatement, PlannedTargetTable } from '../sink/sql/planned-table.ts';
import { planTargetTable, planUnseenTable } from '../sink/sql/planned-table.ts';
import type { EvolutionPolicy, SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import type { WantedTable } from '../sink/sql/table-evolution.ts';
import { TableNaming } from '../sink/sql/table-naming.ts';
import { targetOf } from '../sink/sql/target-product.ts';
import type { OpenSession, TargetSession } from '../sink/sql/target-session.ts';
import { recordColumns, wantedTable } from '../sink/sql/wanted-table.ts';
import { deadLetterTopics } from './dead-letter-options.ts';
import { headerKeysOf } from './header-keys.ts';
import { sinkTopics } from './sink-topics.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import { planSearchSink } from './plan-search-sink.ts';
import { searchSinkSettings } from './search-sink-options.ts';
import type { PlannedRefusal, PlannedSink, PlannedSinkTable } from './planned-sink.ts';
import { sinkOptionsOf } from './sink-options.ts';

/** Asks the target what it has, and works out what the sink would do there; changes nothing. */
export async function planSink(
  config: PipelineConfig,
  sink: ConnectorConfig,
  records: readonly SinkRecord[],
  signal: AbortSignal,
): Promise<PlannedSink> {
  const { name } = sink;
  const file = fileSinkOptionsOf(config, sink);
  if (file !== null) return { name, file: file.file, unseen: null, tables: [] };
  const topics = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
  const consumed = records.filter(({ topic }) =>
    topics instanceof RegExp ? topics.test(topic) : topics.includes(topic),
  );
  const search = searchSinkSettings(sink);
  if (search !== null) return planSearchSink(name, search, consumed, signal);
  const options = sinkOptionsOf(sink);
  const { dialect, look } = targetOf(options);
  if (headerKeysOf(sink) !== null) {
    const naming = new TableNaming(options, dialect.identifierMax);
    const tables = consumed.flatMap((record) => namedOnly(record, naming));
    return { name, unseen: 'the key is in headers, which only records have', tables };
  }
  const wanted = consumed.flatMap((record) => wantedOf(record, dialect, options));
  try {
    const tables = await seenTables(look, signal, wanted, dialect, options);
    return { name, unseen: null, tables };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const unseen = toTidemarkError(thrown, 'SINK_SERVER').message;
    const tables = wanted.map(({ topic, table, views }) => {
      const made = planUnseenTable(dialect, options.schemaEvolution, table);
      return shown(topic, table, withViews(made, views));
    });
    return { name, unseen, tables };
  }
}

/** Where nothing more than its name can be told. */
function namedOnly(record: SinkRecord, naming: TableNaming): readonly PlannedSinkTable[] {
  const name = naming.target(record);
  if (name === null) return [];
  const table = `${name.schema}.${name.table}`;
  const { topic } = record;
  return [{ topic, table, exists: null, statements: [], effects: [], refusal: null }];
}

/** What is wanted of a table, and the statements that follow when it is made or changes. */
interface WantedWithViews {
  readonly table: WantedTable;
  readonly views: readonly string[];
}

interface TopicTable extends WantedWithViews {
  readonly topic: string;
  /** The same where a table is there already; absent: nothing of it depends on that. */
  readonly beside?: (existing: TargetTable | null) => WantedWithViews;
}

function wantedOf(
  record: SinkRecord,
  dialect: TargetDialect,
  options: SqlSinkOptions,
): readonly TopicTable[] {
  const naming = new TableNaming(options, dialect.identifierMax);
  const name = naming.target(record);
  if (name === null) return [];
  const { topic } = record;
  const tables: TopicTable[] = [];
  if (options.writeMode !== 'history') {
    const columns = recordColumns(record, naming, options);
    const table = wantedTable(name, columns, dialect, options, changeColumns(options));
    tables.push({ topic, table, views: [] });
  }
  if (options.writeMode !== 'mirror') {
    const beside = (existing: TargetTable | null): WantedWithViews =>
      plannedHistory(name, record, naming, dialect, options, existing);
    tables.push({ topic, ...beside(null), beside });
  }
  return tables;
}

async function seenTables(
  look: OpenSession,
  signal: AbortSignal,
  wanted: readonly TopicTable[],
  dialect: TargetDialect,
  { schemaEvolution }: SqlSinkOptions,
): Promise<readonly PlannedSinkTable[]> {
  let session: TargetSession | undefined;
  try {
    session = await look(signal);
    const tables: PlannedSinkTable[] = [];
    for (const { topic, beside, ...unseen } of wanted) {
      const { name } = unseen.table;
      const { rows } = await session.query(dialect.tableQuery(name));
      const { table, views } = beside?.(dialect.readTable(name, rows)) ?? unseen;
      const planned = await planTargetTable(session, dialect, schemaEvolution, table);
      const statements = withViews(planned.statements, views);
      const { policy = 'alert' } = schemaEvolution;
      const fate = policy === 'dead_letter' && table.key.length === 0 ? 'parked' : FATES[policy];
      tables.push(shown(topic, table, statements, planned, fate));
    }
    return tables;
  } finally {
    await session?.close();
  }
}

const FATES: Readonly<Record<EvolutionPolicy, PlannedRefusal['fate']>> = {
  alert: 'parked',
  // What it has no column for.
  shadow: 'parked',
  hold: 'held',
  // Of records with a key: later ones of it wait behind them, and without one all would.
  dead_letter: 'dead letters',
};

/** Views are made where their table is, or gets columns. */
function withViews(
  statements: readonly PlannedStatement[],
  views: readonly string[],
): readonly PlannedStatement[] {
  if (statements.length === 0) return statements;
  return [...statements, ...views.map((statement) => ({ statement, effect: null }))];
}

function shown(
  topic: string,
  { name }: WantedTable,
  statements: readonly PlannedStatement[],
  found?: PlannedTargetTable,
  fate: PlannedRefusal['fate'] = 'parked',
): PlannedSinkTable {
  const refusal = found?.refusal ?? null;
  return {
    topic,
    table: `${name.schema}.${name.table}`,
    exists: found?.exists ?? null,
    statements: statements.map(({ statement }) => statement),
    effects: statements.map(({ effect }) => effect),
    refusal: refusal === null ? null : { message: refusal.message, cure: refusal.cure, fate },
  };
}
