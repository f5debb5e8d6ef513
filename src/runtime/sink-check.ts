import { quoteIdentifier, quoteLiteral } from '../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { missingTables } from '../sink/sql/required-tables.ts';
import { SINK_TABLES } from '../sink/sql/sink-tables.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { targetOf } from '../sink/sql/target-product.ts';
import type { TargetSession } from '../sink/sql/target-session.ts';
import { isDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import { isSqliteUrl } from '../sink/sql/sqlite-url.ts';
import type { CheckFindings } from './check-findings.ts';
import { inspectDuckdbTarget } from './duckdb-sink-check.ts';
import { inspectMysqlTarget } from './mysql-sink-check.ts';
import { inspectSqliteTarget } from './sqlite-sink-check.ts';

/** Every prerequisite of a target that can be known without changing anything. */
export async function checkSink(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<CheckFindings> {
  let session: TargetSession | undefined;
  try {
    const inspectFile = fileInspection(options.connectionUrl);
    if (inspectFile !== null) {
      const found = await inspectFile(options, signal);
      return { problems: found.map((problem) => named(options, problem)), warnings: [] };
    }
    const { dialect, open } = targetOf(options);
    session = await open(signal);
    const inspect = dialect.name === 'mysql' ? inspectMysqlTarget : inspectPostgresTarget;
    const missing = await missingTables(session, dialect, options);
    const ofServer = await inspect(options, session);
    const problems = missing === null ? ofServer : [...ofServer, missing];
    return { problems: problems.map((problem) => named(options, problem)), warnings: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    return { problems: [named(options, toTidemarkError(error, 'SINK_SERVER'))], warnings: [] };
  } finally {
    await session?.close();
  }
}

/** Null: the target is a server. */
function fileInspection(connectionUrl: string): typeof inspectSqliteTarget | null {
  if (isDuckdbUrl(connectionUrl)) return inspectDuckdbTarget;
  return isSqliteUrl(connectionUrl) ? inspectSqliteTarget : null;
}

async function inspectPostgresTarget(
  options: SqlSinkOptions,
  session: TargetSession,
): Promise<readonly TidemarkError[]> {
  const problems: TidemarkError[] = [];
  const { rows } = await session.query(
    'SELECT pg_is_in_recovery() AS standby, current_user AS role',
  );
  const isStandby = String(rows[0]?.['standby']);
  if (isStandby === 'true' || isStandby === 't') {
    const message = 'the target is a standby, which takes no writes';
    problems.push(new TidemarkError('SINK_SCHEMA', message, { cure: 'Name the primary server.' }));
  }
  const role = String(rows[0]?.['role']);
  const wanted = new Set([options.offsetsSchema]);
  if (options.schemaEvolution.create) wanted.add(options.defaultSchema);
  for (const schema of wanted) {
    const problem = await schemaProblem(options, session, schema, role);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** A schema in which the sink has to make tables. */
async function schemaProblem(
  options: SqlSinkOptions,
  session: TargetSession,
  schema: string,
  role: string,
): Promise<TidemarkError | null> {
  const name = quoteLiteral(schema);
  const ownTables = Object.values(SINK_TABLES);
  const { rows } = await session.query(
    `SELECT has_schema_privilege(oid, 'CREATE')::text AS may_create,
       (SELECT count(*)::text FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
          AND c.relname IN (${ownTables.map(quoteLiteral).join(', ')})) AS own_tables
     FROM pg_catalog.pg_namespace n WHERE nspname = ${name}`,
  );
  const [row] = rows;
  const mayCreate = row === undefined || String(row['may_create']) === 'true';
  const isPrepared =
    schema === options.offsetsSchema && Number(row?.['own_tables']) === ownTables.length;
  const needsTables = schema !== options.offsetsSchema || options.schemaEvolution.create;
  if (mayCreate || (isPrepared && !needsTables)) return null;
  const grant = `GRANT CREATE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)};`;
  return new TidemarkError(
    'SINK_SCHEMA',
    `the role ${role} may not create tables in the schema ${schema}`,
    { cure: grant },
  );
}

function named(options: SqlSinkOptions, error: TidemarkError): TidemarkError {
  const { code, message, cure, cause } = error;
  return new TidemarkError(code, `sink ${options.name}: ${message}`, { cure, cause });
}
