import { defaultCollation } from '../../../../dialects/mysql/ddl/character-sets.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { debeziumTableChanges } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import { statementText } from '../../../../dialects/mysql/ddl/statement-text.ts';
import type { StatementContext } from '../../../../dialects/mysql/ddl/statement-context.ts';
import type {
  CatalogChange,
  QualifiedName,
  TableCatalog,
} from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { charsetOfCollation } from '../../../../dialects/mysql/mysql-collations.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { SchemaStatement } from '../../../model/change-event.ts';
import type { QueryEvent } from '../binlog/binlog-event.ts';
import type { StatementStep } from './binlog-transactions.ts';

/** A statement without the place where it stands. */
export type ToldStatement = Omit<SchemaStatement, 'origin'>;

/** What a statement did: to the catalog, which has it from now on, and to rows. */
export interface StatementEffect {
  readonly changes: readonly CatalogChange[];
  /** Tables whose definition has to be read from the server; null: it may be any of them. */
  readonly unknown: readonly QualifiedName[] | null;
  /** Why. */
  readonly reasons: readonly string[];
  readonly statement: ToldStatement;
  /** As it is told to others: a DROP of several tables one by one, a TRUNCATE not at all. */
  readonly told: readonly ToldStatement[];
  readonly truncated: readonly QualifiedName[];
  /** Rows of captured tables went or came without events. */
  readonly problems: readonly TidemarkError[];
}

/** Does to the catalog what the statement did to the tables. */
export function applyStatement(
  { statement, event }: StatementStep,
  catalog: TableCatalog,
  server: ServerVersion,
  isCaptured: (database: string, table: string) => boolean,
  includeComments = false,
): StatementEffect {
  const changes = catalog.apply(statement, contextOf(event, server));
  const described = debeziumTableChanges(changes, { server, includeComments });
  const names = changes.flatMap((change) => (isOfTable(change) ? namesOf(change) : []));
  const isAboutTables = names.length > 0;
  // Of an index nothing is told, not even whose it is.
  const isIndex = described.length === 0 && changes.every(({ kind }) => kind === 'indexed');
  const tables = isIndex ? [] : names;
  const uncertain = changes.filter((change) => change.kind === 'uncertain');
  const whole: ToldStatement = {
    database: changes.flatMap(namesOf)[0]?.database ?? event.schema,
    tables: isAboutTables ? tables.map(({ name }) => name) : null,
    ddl: statementText(event.sql),
    changes: described,
  };
  return {
    changes,
    unknown: uncertain.some(({ tables }) => tables.length === 0)
      ? null
      : uncertain.flatMap(({ tables }) => tables),
    reasons: uncertain.map(({ reason }) => reason),
    statement: whole,
    told: toldOf(whole, changes),
    truncated: changes.flatMap((change) => (change.kind === 'truncated' ? [change.name] : [])),
    problems: changes.flatMap((change) => problemOf(change, isCaptured) ?? []),
  };
}

/** The session of the statement, as its event tells it (PITFALLS B95, B96, B104). */
function contextOf({ schema, context }: QueryEvent, server: ServerVersion): StatementContext {
  const charset = charsetOfCollation(context.serverCollation ?? 0) ?? 'utf8mb4';
  const utf8mb4 = context.utf8mb4Collation;
  // Of two utf8mb4 collations that can be meant, 255 is that of MySQL 8.0.
  const collation = utf8mb4 === 255 ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_general_ci';
  return {
    dialect: ddlDialect(server, Number(context.sqlMode ?? 0n)),
    database: schema,
    serverCharset: { charset, collation: defaultCollation(charset, server, {}) },
    defaultCollations: utf8mb4 === null ? {} : { utf8mb4: collation },
    explicitDefaultsForTimestamp: true,
  };
}

/** The tables that a change is about, as they are called after it. */
export function namesOf(change: CatalogChange): readonly QualifiedName[] {
  switch (change.kind) {
    case 'created':
      return [change.table];
    case 'altered':
    case 'renamed':
    case 'indexed':
      return [change.after];
    case 'uncertain':
      return change.tables;
    default:
      return [change.name];
  }
}

/** Not of its rows alone, nor of all of its database. */
function isOfTable(change: CatalogChange): boolean {
  if (change.kind === 'dropped') return !change.withDatabase;
  return change.kind !== 'partition-rows';
}

/** As Debezium's parsers tell them, whose DROP names one table with its database. */
function toldOf(whole: ToldStatement, changes: readonly CatalogChange[]): readonly ToldStatement[] {
  if (changes.length > 0 && changes.every(({ kind }) => kind === 'truncated')) return [];
  const verb = /^\s*DROP\s+(?:TEMPORARY\s+)?TABLES?\s+(?:IF\s+EXISTS\s+)?/i.exec(whole.ddl)?.[0];
  if (verb === undefined || !changes.every(({ kind }) => kind === 'dropped')) return [whole];
  const [rule = ''] = /\s+(?:RESTRICT|CASCADE)\s*$/i.exec(whole.ddl) ?? [];
  return changes.flatMap(namesOf).map(({ database, name }, i) => ({
    ...whole,
    database,
    tables: [name],
    ddl: `${verb.trimStart()}${quoted(database)}.${quoted(name)}${rule.trimEnd()}`,
    changes: whole.changes.slice(i, i + 1),
  }));
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** What happened to rows alone: whoever applies the changes has rows that are gone. */
function problemOf(
  change: CatalogChange,
  isCaptured: (database: string, table: string) => boolean,
): TidemarkError | null {
  const captured = namesOf(change).filter(({ database, name }) => isCaptured(database, name));
  const names = captured.map(({ database, name }) => `${database}.${name}`).join(', ');
  if (change.kind !== 'partition-rows' || captured.length === 0) return null;
  return new TidemarkError(
    'MYSQL_BINLOG_SETTINGS',
    `${change.verb} PARTITION of ${names} moved rows, and no event tells which`,
    { cure: 'Snapshot the table anew.' },
  );
}
