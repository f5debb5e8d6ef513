import { canonicalCharset } from '../../../../dialects/mysql/ddl/character-sets.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { MysqlScriptStatement } from '../../../../dialects/mysql/ddl/mysql-script.ts';
import { splitMysqlScript } from '../../../../dialects/mysql/ddl/mysql-script.ts';
import type { ScratchPlace } from '../../../../dialects/mysql/ddl/script-limits.ts';
import { placedInScratch } from '../../../../dialects/mysql/ddl/script-limits.ts';
import type { DatabaseDefinition } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MigrationScript, MigrationTrial, PlacedStatement } from '../../checked-migration.ts';
import { failedStatement, refusedStatements, StatementListener } from '../../checked-migration.ts';
import { familyProblem } from '../capture/captured-findings.ts';
import { capturedShapeOf } from '../capture/captured-shape.ts';
import type { ServerTable } from '../capture/server-tables.ts';
import { readServerTables, readToldTable } from '../capture/server-tables.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { MysqlSession } from '../wire/mysql-session.ts';
import { CopyFollower } from './copy-follower.ts';
import { copySchema } from './schema-copy.ts';
import { ScratchSchema } from './scratch-schema.ts';
import { readSessionContext, SERVER_DEFAULTS } from './session-context.ts';

/** A migration of a database of MySQL or MariaDB. */
export interface MysqlMigrationTrial extends MigrationTrial {
  readonly options: MysqlSourceOptions;
  /** Where the copy is made; null: beside the source's database. */
  readonly scratch: MysqlConnectionOptions | null;
  /** Which database the migration is for; null: the one that has captured tables. */
  readonly database: string | null;
}

/** A statement with its place, and as it is run in the copy. */
interface Step extends PlacedStatement {
  readonly sql: string;
}

/** What is known of the source before anything is made. */
interface Ground {
  readonly facts: MysqlServerFacts;
  readonly database: DatabaseDefinition;
  readonly tables: readonly ServerTable[];
  readonly wantsTable: (database: string, table: string) => boolean;
}

/**
 * Runs a migration in a throw-away copy of a database, and tells what becomes of the captured
 * tables by the statements, as the stream would hear of them.
 */
export async function tryMysqlMigration(trial: MysqlMigrationTrial): Promise<void> {
  const { options, clock, signal, note, scripts } = trial;
  await using source = await MysqlSession.connect(options.connection, signal, clock);
  const ground = await groundOf(source, trial);
  const { facts, database, tables, wantsTable } = ground;
  await using elsewhere =
    trial.scratch === null ? null : await MysqlSession.connect(trial.scratch, signal, clock);
  const server = elsewhere ?? source;
  const place = await placeOf(source, server, ground, signal);
  // Before anything is made: what is refused is the same under any name.
  stepsOf(scripts, place);
  await using scratch = await ScratchSchema.create({
    connection: trial.scratch ?? options.connection,
    like: database,
    wouldBeCaptured: (name) =>
      elsewhere === null && tables.some((table) => wantsTable(name, table.name)),
    clock,
    signal,
    note,
  });
  const there = { ...place, scratch: scratch.name };
  await using looking = await scratch.connect();
  await copy(source, scratch, there, trial);
  const catalog = await copiedCatalog(source, looking, ground, scratch.name, signal);
  const schemas = new MysqlTableSchemas(catalog, capturedShapeOf(options), facts);
  const listener = new StatementListener(trial.listener);
  const follower = new CopyFollower({
    options,
    facts,
    catalog,
    schemas,
    listener,
    looking,
    database: database.name,
    scratch: scratch.name,
    clock,
  });
  await follower.begin();
  await using session = await scratch.connect();
  await session.query(SERVER_DEFAULTS, signal);
  for (const step of stepsOf(scripts, there)) {
    const context = await readSessionContext(session, facts, signal);
    try {
      await session.query(step.sql, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw failedStatement(step, error);
    }
    await follower.ran({ ...step, context });
  }
}

async function groundOf(
  source: MysqlQuerier,
  { options, database, signal, inOneTransaction }: MysqlMigrationTrial,
): Promise<Ground> {
  if (inOneTransaction) {
    throw new TidemarkError(
      'USAGE',
      '--single-transaction is for PostgreSQL: each DDL statement of MySQL and MariaDB commits',
    );
  }
  const facts = await readServerFacts(source, signal);
  const wrong = familyProblem(options.family, facts);
  if (wrong !== null) throw wrong;
  const { wantsTable } = capturedShapeOf(options);
  const all = await readServerTables(source, signal);
  const captured = all.filter((table) => wantsTable(table.database, table.name));
  const names = [...new Set(captured.map((table) => table.database))];
  const [name, other] = database === null ? names : names.filter((one) => one === database);
  if (name === undefined || other !== undefined) {
    const known = names.length === 0 ? 'none has captured tables' : `there are ${names.join(', ')}`;
    throw new TidemarkError('USAGE', `name the migration's database with --database: ${known}`);
  }
  const tables = all.filter((table) => table.database === name);
  return { facts, database: await databaseOf(source, name, signal), tables, wantsTable };
}

async function databaseOf(
  source: MysqlQuerier,
  name: string,
  signal: AbortSignal,
): Promise<DatabaseDefinition> {
  const { rows } = await source.query(
    'SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME ' +
      'FROM information_schema.SCHEMATA',
    signal,
  );
  const [, charset, collation] = rows.find(([found]) => found === name) ?? [];
  return {
    name,
    charset: canonicalCharset(charset ?? 'utf8mb4'),
    collation: canonicalCharset(collation ?? 'utf8mb4_general_ci'),
  };
}

async function placeOf(
  source: MysqlQuerier,
  server: MysqlQuerier,
  { facts, database }: Ground,
  signal: AbortSignal,
): Promise<ScratchPlace> {
  const names = new Set<string>();
  for (const one of new Set([source, server])) {
    for (const [name] of (await one.query('SHOW DATABASES', signal)).rows) names.add(name ?? '');
  }
  return {
    dialect: ddlDialect(facts, 0),
    databases: [...names, 'mysql', 'sys', 'performance_schema'],
    copied: database.name,
    scratch: database.name,
    foldsNames: facts.lowerCaseTableNames !== 0,
  };
}

/** @throws MIGRATION_SCRATCH where a captured table cannot be made */
async function copy(
  source: MysqlQuerier,
  scratch: ScratchSchema,
  place: ScratchPlace,
  { options, signal, note }: MysqlMigrationTrial,
): Promise<void> {
  await using making = await scratch.connect();
  const { wantsTable } = capturedShapeOf(options);
  const uncopied = await copySchema(source, making, place, signal);
  const lines = uncopied.map(({ name, reason }) => `${name}: ${reason}`);
  const tables = uncopied.flatMap(({ name }) => /^table (.*)$/s.exec(name)?.[1] ?? []);
  if (tables.some((name) => wantsTable(place.copied, name))) {
    const text = ['the copy is not what the source is:', ...lines].join('\n  ');
    throw new TidemarkError('MIGRATION_SCRATCH', text);
  }
  for (const { name, reason } of uncopied) note(`not in the copy: ${name} (${reason})`);
}

/** The tables of the copy under the name of the source's database; captured ones must be alike. */
async function copiedCatalog(
  source: MysqlQuerier,
  looking: MysqlQuerier,
  { facts, database, tables, wantsTable }: Ground,
  scratch: string,
  signal: AbortSignal,
): Promise<TableCatalog> {
  const mode = facts.lowerCaseTableNames;
  const catalog = new TableCatalog(mode === 1 || mode === 2 ? mode : 0);
  catalog.putDatabase(database);
  for (const { name } of tables) {
    const told = await toldOrNull(looking, facts, { database: scratch, name }, signal);
    if (told !== null) catalog.putTable({ ...told.definition, database: database.name });
    if (!wantsTable(database.name, name)) continue;
    const own = await readToldTable(source, facts, { database: database.name, name }, signal);
    if (own === null || (told !== null && plain(own.statement) === plain(told.statement))) continue;
    throw new TidemarkError(
      'MIGRATION_SCRATCH',
      `the copy is not what the source is: ${database.name}.${name} is\n  ${own.statement}\n` +
        `and in the copy\n  ${told?.statement ?? 'missing'}`,
    );
  }
  return catalog;
}

/** What is not captured may be what nobody understands. */
async function toldOrNull(...[session, facts, name, signal]: Parameters<typeof readToldTable>) {
  try {
    return await readToldTable(session, facts, name, signal);
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'CONFIG_UNSUPPORTED') return null;
    throw error;
  }
}

/** The counter rises with the rows. */
function plain(statement: string): string {
  return statement.replace(/ AUTO_INCREMENT=\d+/, '');
}

function stepsOf(scripts: readonly MigrationScript[], place: ScratchPlace): readonly Step[] {
  const all = scripts.flatMap(({ name, text }) =>
    splitMysqlScript(text).map((statement) => placed(name, statement, place)),
  );
  const refused = all.flatMap(({ at, reason }) => (reason === null ? [] : [{ at, reason }]));
  if (refused.length > 0) throw refusedStatements(refused);
  return all.map(({ at }) => at);
}

function placed(
  script: string,
  statement: MysqlScriptStatement,
  place: ScratchPlace,
): { readonly at: Step; readonly reason: string | null } {
  const { text, line } = statement;
  const found = placedInScratch(statement, place);
  const sql = 'sql' in found ? found.sql : text;
  return { at: { script, line, text, sql }, reason: 'reason' in found ? found.reason : null };
}
