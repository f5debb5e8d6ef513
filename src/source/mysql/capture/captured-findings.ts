import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { CapturedTables } from './captured-tables.ts';
import type { MysqlFindings } from './mysql-preflight-checks.ts';
import type { MysqlWarning } from './mysql-setting-warnings.ts';
import { setGlobally } from './mysql-setting-warnings.ts';
import type { ServerTable } from './server-tables.ts';
import { quotedName } from './server-tables.ts';

/** `MySQL 9.7.4 as 'cdc'@'%'` */
export function serverText({ flavor, versionText, account }: MysqlServerFacts): string {
  return `${flavorName(flavor)} ${versionText} as ${account}`;
}

/** What people call a server of the family. */
export function flavorName(flavor: 'mysql' | 'mariadb'): string {
  return flavor === 'mariadb' ? 'MariaDB' : 'MySQL';
}

/** Types, GTIDs and topics of the two differ, so that one must not be taken for the other. */
export function familyProblem(
  family: 'mysql' | 'mariadb',
  { flavor, versionText }: MysqlServerFacts,
): TidemarkError | null {
  if (family === flavor) return null;
  const message =
    `connector.class is the one for ${flavorName(family)}, and the server is ` +
    `${flavorName(flavor)} ${versionText}`;
  return new TidemarkError('MYSQL_UNSUPPORTED_SERVER', message, {
    cure: `Set connector.class to ${flavor}, or Debezium's class for it.`,
  });
}

/** What the choice of tables and options come to on this server. */
export function chosenFindings(
  { chosen }: CapturedTables,
  all: readonly ServerTable[],
  options: MysqlSourceOptions,
  facts: MysqlServerFacts,
): MysqlFindings {
  const limit = limitFinding(chosen, options);
  return {
    problems: limit.problems,
    warnings: [
      ...limit.warnings,
      ...emptyWarning(chosen, all, facts),
      ...missingSignalTable(all, options),
      ...queryWarning(options, facts),
    ],
  };
}

/** guardrail.collections: a pattern that matches more than was meant. */
function limitFinding(
  chosen: readonly ServerTable[],
  { tableLimit }: MysqlSourceOptions,
): MysqlFindings {
  if (tableLimit === undefined || chosen.length <= tableLimit.most) {
    return { problems: [], warnings: [] };
  }
  const message =
    `${chosen.length} tables are captured, and guardrail.collections.max is ` +
    String(tableLimit.most);
  const cure = 'Narrow table.include.list, or raise guardrail.collections.max.';
  return tableLimit.refuse
    ? { problems: [new TidemarkError('CONFIG_INVALID', message, { cure })], warnings: [] }
    : { problems: [], warnings: [{ message, cure }] };
}

/** No problem: a table that comes later is captured from its first row on. */
function emptyWarning(
  chosen: readonly ServerTable[],
  all: readonly ServerTable[],
  { account }: MysqlServerFacts,
): readonly MysqlWarning[] {
  if (chosen.length > 0) return [];
  return [
    {
      message:
        `no table is captured yet: of the ${all.length} tables that ${account} sees the lists ` +
        'choose none',
      cure: 'Correct database.include.list and table.include.list, or grant SELECT on the tables.',
    },
  ];
}

/** Signals come by other ways as well, so that the stream does without. */
export function missingSignalTable(
  all: readonly Pick<ServerTable, 'database' | 'name'>[],
  { snapshots: { signalTable } }: MysqlSourceOptions,
): readonly MysqlWarning[] {
  if (signalTable === null) return [];
  const wanted = signalTable.toLowerCase();
  if (all.some(({ database, name }) => `${database}.${name}`.toLowerCase() === wanted)) return [];
  const name = signalTable.split('.').map(quotedName).join('.');
  return [
    {
      message: `the signal table ${signalTable} is not there, or may not be read`,
      cure:
        `CREATE TABLE ${name} (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, ` +
        'data VARCHAR(2048) NULL);',
    },
  ];
}

function queryWarning(
  { includeQuery }: MysqlSourceOptions,
  facts: MysqlServerFacts,
): readonly MysqlWarning[] {
  if (!includeQuery || facts.binlog.logsStatements) return [];
  const isMariadb = facts.flavor === 'mariadb';
  const setting = isMariadb ? 'binlog_annotate_row_events' : 'binlog_rows_query_log_events';
  return [
    {
      message: `include.query is on, and the server does not log statements: ${setting} is OFF`,
      cure: setGlobally(facts, `${setting} = ON`),
    },
  ];
}
