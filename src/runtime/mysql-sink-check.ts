import { portableText } from '../../dialects/mysql/mysql-identifiers.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import type { TargetSession } from '../sink/sql/target-session.ts';

/** What is wrong with a MySQL or MariaDB as a target; nothing is changed. */
export async function inspectMysqlTarget(
  options: SqlSinkOptions,
  session: TargetSession,
): Promise<readonly TidemarkError[]> {
  const { rows } = await session.query(
    `SELECT @@read_only AS read_only, @@log_bin AS log_bin, @@binlog_format AS format,
       @@max_allowed_packet AS packet, CURRENT_USER() AS account`,
  );
  const [row = {}] = rows;
  const account = String(row['account']);
  const problems: TidemarkError[] = [];
  const add = (message: string, cure: string): void => {
    problems.push(new TidemarkError('SINK_SCHEMA', message, { cure }));
  };
  if (String(row['read_only']) !== '0') {
    add('the target takes no writes (read_only)', 'Name the primary server.');
  }
  if (String(row['log_bin']) === '1' && String(row['format']) === 'STATEMENT') {
    const message = 'binlog_format is STATEMENT, which the isolation of the sink does not allow';
    add(message, 'SET GLOBAL binlog_format = ROW; in the target.');
  }
  if (Number(row['packet']) < 4 * 1024 * 1024) {
    const message = `max_allowed_packet is ${String(row['packet'])}: a larger row would not fit`;
    add(message, 'SET GLOBAL max_allowed_packet = 67108864; in the target.');
  }
  const missing = await missingDatabases(options, session);
  if (missing.length > 0 && !(await mayCreateDatabases(session))) {
    const names = missing.map((name) => `\`${name.replaceAll('`', '``')}\``);
    const creates = names.map((name) => `CREATE DATABASE ${name};`);
    add(`${account} may not make the database ${missing.join(', ')}`, creates.join(' '));
  }
  return problems;
}

async function missingDatabases(
  options: SqlSinkOptions,
  session: TargetSession,
): Promise<readonly string[]> {
  const wanted = new Set([options.offsetsSchema]);
  if (options.schemaEvolution.create) wanted.add(options.defaultSchema);
  const { rows } = await session.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME IN (${[...wanted].map(portableText).join(', ')})`,
  );
  const present = new Set(rows.map((row) => String(row['name'])));
  return [...wanted].filter((name) => !present.has(name));
}

async function mayCreateDatabases(session: TargetSession): Promise<boolean> {
  const { rows } = await session.query('SHOW GRANTS');
  return rows.some((row) =>
    /GRANT (?:ALL PRIVILEGES|(?:[\w ]+, )*CREATE(?:, [\w ,]+)?) ON \*\.\*/.test(
      String(Object.values(row)[0]),
    ),
  );
}
