import type { TargetDialect, TargetTable } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { ensureSchema } from './target-schema.ts';
import type { TargetSession } from './target-session.ts';

/** The tables in which a target keeps what sinks know of themselves. */
export const SINK_TABLES = {
  sinks: 'tidemark_sinks',
  offsets: 'tidemark_offsets',
  topics: 'tidemark_topics',
} as const;

/**
 * Version of their layout, kept per sink. 1 had one epoch for a whole sink, in `tidemark_sinks`; 2
 * has one for each partition, so that several tasks share a sink, and a row for each topic.
 */
const LAYOUT = 2;

/** The tables' names as SQL writes them. */
export type SinkTableNames = Readonly<Record<keyof typeof SINK_TABLES, string>>;

/** The names of the tables in a schema, quoted. */
export function sinkTableNames(dialect: TargetDialect, schema: string): SinkTableNames {
  const { sinks, offsets, topics } = SINK_TABLES;
  return {
    sinks: dialect.qualify({ schema, table: sinks }),
    offsets: dialect.qualify({ schema, table: offsets }),
    topics: dialect.qualify({ schema, table: topics }),
  };
}

/**
 * Makes the tables where they are missing and brings what a sink has there to this layout; a task
 * of the old one that still runs is fenced by that. Throws SINK_SCHEMA when a newer version wrote
 * there, or when the role may not do it.
 */
export async function prepareSinkTables(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
  sink: string,
): Promise<void> {
  const names = sinkTableNames(dialect, schema);
  await createTables(session, dialect, schema, names);
  const name = dialect.literal(sink);
  const insert = dialect.state.insert({
    table: { schema, table: SINK_TABLES.sinks },
    columns: ['sink', 'epoch', 'layout'],
    rows: [`(${name}, 0, ${LAYOUT})`],
    key: ['sink'],
    count: null,
  });
  await session.query(insert);
  const { now } = dialect.state;
  await session.query(`UPDATE ${names.sinks} SET started_at = ${now} WHERE sink = ${name}`);
  const { rows } = await session.query(`SELECT layout FROM ${names.sinks} WHERE sink = ${name}`);
  const layout = Number(rows[0]?.['layout']);
  if (layout > LAYOUT) {
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${names.sinks} was written by a newer version (layout ${layout})`,
      { cure: 'Run that version or a newer one.' },
    );
  }
  if (layout < LAYOUT) await migrate(session, dialect, schema, name);
}

/** Waits for a transaction of an older task that is on its way, then shuts the door behind it. */
async function migrate(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
  sink: string,
): Promise<void> {
  const names = sinkTableNames(dialect, schema);
  await inTransaction(session, async () => {
    await session.query(
      `UPDATE ${names.sinks} SET epoch = epoch + 1, layout = ${LAYOUT} WHERE sink = ${sink}`,
    );
    const { rows } = await session.query(
      `SELECT topic, max(generation) AS generation, max(target_schema) AS target_schema,
         max(target_table) AS target_table
       FROM ${names.offsets} WHERE sink = ${sink} GROUP BY topic`,
    );
    if (rows.length === 0) return;
    const topics = rows.map((row) => {
      const texts = ['topic', 'target_schema', 'target_table'].map((column) =>
        dialect.literal(String(row[column])),
      );
      return `(${sink}, ${texts.join(', ')}, ${Number(row['generation'])})`;
    });
    await session.query(
      dialect.state.insert({
        table: { schema, table: SINK_TABLES.topics },
        columns: ['sink', 'topic', 'target_schema', 'target_table', 'generation'],
        rows: topics,
        key: ['sink', 'topic'],
        count: null,
      }),
    );
  });
}

async function createTables(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
  names: SinkTableNames,
): Promise<void> {
  // Asked first, so that a role without CREATE works where an administrator made the tables.
  if (await areComplete(session, dialect, schema)) return;
  const { nameType: name, timeType: time, tableOptions: options } = dialect.state;
  const target = `target_schema ${name} NOT NULL, target_table ${name} NOT NULL`;
  const partition = dialect.quote('partition');
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${names.sinks} (
  sink ${name} NOT NULL PRIMARY KEY, epoch bigint NOT NULL, layout integer NOT NULL,
  started_at ${time}, updated_at ${time})${options}`,
    `CREATE TABLE IF NOT EXISTS ${names.offsets} (
  sink ${name} NOT NULL, topic ${name} NOT NULL, ${partition} integer NOT NULL,
  generation bigint NOT NULL, next_offset bigint NOT NULL, ${target},
  epoch bigint NOT NULL DEFAULT 0, PRIMARY KEY (sink, topic, ${partition}))${options}`,
    `CREATE TABLE IF NOT EXISTS ${names.topics} (
  sink ${name} NOT NULL, topic ${name} NOT NULL, generation bigint NOT NULL, ${target},
  PRIMARY KEY (sink, topic))${options}`,
  ];
  await underDdlLock(session, dialect, async () => {
    await ensureSchema(session, dialect, schema);
    for (const statement of statements) await session.query(statement);
    const offsets = await readTable(session, dialect, schema, SINK_TABLES.offsets);
    if (offsets !== null && !hasEpoch(offsets)) {
      const epoch = 'ADD COLUMN epoch bigint NOT NULL DEFAULT 0';
      await session.query(`ALTER TABLE ${names.offsets} ${epoch}`);
    }
  });
}

async function areComplete(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
): Promise<boolean> {
  for (const table of Object.values(SINK_TABLES)) {
    const known = await readTable(session, dialect, schema, table);
    if (known === null) return false;
    if (table === SINK_TABLES.offsets && !hasEpoch(known)) return false;
  }
  return true;
}

async function readTable(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
  table: string,
): Promise<TargetTable | null> {
  const name = { schema, table };
  const { rows } = await session.query(dialect.tableQuery(name));
  return dialect.readTable(name, rows);
}

function hasEpoch(offsets: TargetTable): boolean {
  return offsets.columns.some((column) => column.name === 'epoch');
}

/** Runs `work` in a transaction; any error rolls back and passes on. */
export async function inTransaction<T>(session: TargetSession, work: () => Promise<T>): Promise<T> {
  await session.begin();
  try {
    const result = await work();
    await session.commit();
    return result;
  } catch (error) {
    if (!session.broken) await session.rollback().catch(() => undefined);
    throw error;
  }
}

/** Runs DDL while no other task does. */
export async function underDdlLock(
  session: TargetSession,
  dialect: TargetDialect,
  work: () => Promise<void>,
): Promise<void> {
  const { take, release } = dialect.ddlLock;
  await inTransaction(session, async () => {
    const { rows } = await session.query(take);
    if (release === undefined) return work();
    if (Number(rows[0]?.['taken']) !== 1) {
      throw new TidemarkError('SINK_SERVER', 'another task has been changing tables for too long');
    }
    try {
      await work();
    } finally {
      if (!session.broken) await session.query(release);
    }
  });
}
