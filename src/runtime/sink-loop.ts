import type { TargetName } from '../../dialects/dialect.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { serverAddresses } from '../config/source-connection-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { TableSchema } from '../model/table-schema.ts';
import { parseConnectionUrl } from '../sink/sql/connection-url.ts';
import { isMysqlUrl, parseMysqlUrl } from '../sink/sql/mysql-url.ts';
import { isDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import { isSqliteUrl } from '../sink/sql/sqlite-url.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { TableNaming } from '../sink/sql/table-naming.ts';
import { targetOf } from '../sink/sql/target-product.ts';
import { capturedShapeOf } from '../source/mysql/capture/captured-shape.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import { envelopeOptionsOf } from './source-options.ts';

/**
 * Sinks that would write into tables that their own source captures: what they write comes back to
 * them, for ever, and what the source had there is gone. With schemas of the same name on both
 * sides, which are databases in MySQL, that is one forgotten property away.
 */
export function sinkLoops(
  config: PipelineConfig,
  sinks: readonly SqlSinkOptions[],
  tables: readonly TableSchema[],
): readonly TidemarkError[] {
  const captured = new Set(tables.map(({ id }) => `${id.schema}.${id.table}`));
  const isWanted = wantedTables(config);
  return sinks.flatMap((sink) => {
    if (!isSameDatabase(config, sink)) return [];
    const naming = new TableNaming(sink, targetOf(sink).dialect.identifierMax);
    const hit = tables.find((table) => {
      const target = naming.target(recordOf(config, table));
      if (target === null) return false;
      return captured.has(`${target.schema}.${target.table}`) || isWanted(target);
    });
    if (hit === undefined) return [];
    const { schema, table } = hit.id;
    const rows = `the rows of ${schema}.${table}`;
    const message = `sink ${sink.name}: ${rows} would go into a captured table`;
    return new TidemarkError('CONFIG_INVALID', message, {
      cure:
        'The target is the server of the source: name another database in connection.url, with ' +
        'table.name.format: ${source.table} where it would name that of the source.',
    });
  });
}

/** A binlog has all databases: a table that a sink makes is captured as soon as it is there. */
function wantedTables({ source }: PipelineConfig): (target: TargetName) => boolean {
  if ((sourceFamily(source.connectorClass) ?? 'postgres') === 'postgres') return () => false;
  const { wantsTable } = capturedShapeOf(mysqlSourceOptionsOf(source));
  return ({ schema, table }) => wantsTable(schema, table);
}

/** By what the configuration says; one server may have many names. */
function isSameDatabase({ source }: PipelineConfig, sink: SqlSinkOptions): boolean {
  // No source reads a file.
  if (isSqliteUrl(sink.connectionUrl) || isDuckdbUrl(sink.connectionUrl)) return false;
  const isMysql = isMysqlUrl(sink.connectionUrl);
  const isBinlog = (sourceFamily(source.connectorClass) ?? 'postgres') !== 'postgres';
  if (isMysql !== isBinlog) return false;
  const address = isMysql ? parseMysqlUrl(sink) : parseConnectionUrl(sink);
  const isThere = serverAddresses(source.options).some(
    ({ host, port }) => hostOf(host) === hostOf(address.host) && port === address.port,
  );
  // A PostgreSQL is captured by database, a MySQL as a whole.
  return isThere && (isMysql || source.options.string('database.dbname') === address.database);
}

function hostOf(name: string): string {
  return ['localhost', '127.0.0.1', '::1', '[::1]'].includes(name) ? 'localhost' : name;
}

/** As much of a record of the table as its name in the target is made of. */
function recordOf(
  { source }: PipelineConfig,
  table: TableSchema,
): Parameters<TableNaming['target']>[0] {
  const { schema, table: name } = table.id;
  const options = envelopeOptionsOf(source);
  const { topic, envelope } = tableRecordSchemas(table, options);
  const isPostgres = options.connector === 'postgresql';
  const texts: Readonly<Record<string, string>> = {
    name: options.topicPrefix,
    db: isPostgres ? options.database : schema,
    schema,
    table: name,
  };
  const fields = envelope.fields ?? [];
  const values = fields.map((field) =>
    field.name === 'source' ? structOf(field.schema, texts) : null,
  );
  return { topic, value: { schema: envelope, values } };
}

function structOf(schema: ConnectSchema, texts: Readonly<Record<string, string>>): Struct {
  return { schema, values: (schema.fields ?? []).map(({ name }) => texts[name] ?? null) };
}
