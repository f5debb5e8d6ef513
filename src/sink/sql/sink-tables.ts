import type { TargetDialect } from '../../../dialects/dialect.ts';
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
  const { rows } = await session.query(
    `INSERT INTO ${names.sinks} (sink, epoch, layout, started_at)
     VALUES (${name}, 0, ${LAYOUT}, now())
     ON CONFLICT (sink) DO UPDATE SET started_at = now() RETURNING layout`,
  );
  const layout = Number(rows[0]?.['layout']);
  if (layout > LAYOUT) {
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${names.sinks} was written by a newer version (layout ${layout})`,
      { cure: 'Run that version or a newer one.' },
    );
  }
  if (layout < LAYOUT) await migrate(session, names, name);
}

/** Waits for a transaction of an older task that is on its way, then shuts the door behind it. */
async function migrate(session: TargetSession, names: SinkTableNames, sink: string): Promise<void> {
  await inTransaction(session, async () => {
    await session.query(
      `UPDATE ${names.sinks} SET epoch = epoch + 1, layout = ${LAYOUT} WHERE sink = ${sink}`,
    );
    await session.query(
      `INSERT INTO ${names.topics} (sink, topic, generation, target_schema, target_table)
       SELECT sink, topic, max(generation), max(target_schema), max(target_table)
       FROM ${names.offsets} WHERE sink = ${sink} GROUP BY sink, topic
       ON CONFLICT (sink, topic) DO NOTHING`,
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
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${names.sinks} (
  sink text PRIMARY KEY, epoch bigint NOT NULL, layout integer NOT NULL,
  started_at timestamp with time zone, updated_at timestamp with time zone)`,
    `CREATE TABLE IF NOT EXISTS ${names.offsets} (
  sink text NOT NULL, topic text NOT NULL, partition integer NOT NULL,
  generation bigint NOT NULL, next_offset bigint NOT NULL,
  target_schema text NOT NULL, target_table text NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (sink, topic, partition))`,
    `ALTER TABLE ${names.offsets} ADD COLUMN IF NOT EXISTS epoch bigint NOT NULL DEFAULT 0`,
    `CREATE TABLE IF NOT EXISTS ${names.topics} (
  sink text NOT NULL, topic text NOT NULL, generation bigint NOT NULL,
  target_schema text NOT NULL, target_table text NOT NULL,
  PRIMARY KEY (sink, topic))`,
  ];
  await inTransaction(session, async () => {
    await session.query(dialect.ddlLock);
    await ensureSchema(session, dialect, schema);
    for (const statement of statements) await session.query(statement);
  });
}

async function areComplete(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
): Promise<boolean> {
  for (const table of Object.values(SINK_TABLES)) {
    const name = { schema, table };
    const { rows } = await session.query(dialect.tableQuery(name));
    const known = dialect.readTable(name, rows);
    if (known === null) return false;
    const isOld = !known.columns.some((column) => column.name === 'epoch');
    if (table === SINK_TABLES.offsets && isOld) return false;
  }
  return true;
}

/** Runs `work` between BEGIN and COMMIT; any error rolls back and passes on. */
export async function inTransaction<T>(session: TargetSession, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN');
  try {
    const result = await work();
    await session.query('COMMIT');
    return result;
  } catch (error) {
    if (!session.broken) await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
