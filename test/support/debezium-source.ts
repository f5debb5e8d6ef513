import type { ConnectWorker } from './connect-worker.ts';
import type { FamilyDatabase } from './family-pipeline.ts';

/** Options of a connector, of a worker or of a daemon, for Connect's JSON with schemas. */
export const JSON_WITH_SCHEMAS = Object.fromEntries(
  ['key', 'value'].flatMap((side) => [
    [`${side}.converter`, 'org.apache.kafka.connect.json.JsonConverter'],
    [`${side}.converter.schemas.enable`, 'true'],
  ]),
) as Readonly<Record<string, string>>;

/** With metadata of transactions: three partitions for each table, one for the transactions. */
export const WITH_TRANSACTIONS = {
  ...JSON_WITH_SCHEMAS,
  'provide.transaction.metadata': 'true',
  'topic.creation.default.partitions': '3',
  'topic.creation.groups': 'ends',
  'topic.creation.ends.include': String.raw`.*\.transaction`,
  'topic.creation.ends.partitions': '1',
  'topic.creation.ends.replication.factor': '1',
};

/** Where Debezium runs. */
export interface DebeziumPlace {
  readonly connect: ConnectWorker;
  readonly bootstrapServers: string;
  /** Options of the connector beyond those of its family; converters first of all. */
  readonly more?: Readonly<Record<string, string>>;
}

/** A connector of Debezium's for all tables of a database, under this name and prefix. */
export async function debeziumReads(
  name: string,
  source: FamilyDatabase,
  { connect, bootstrapServers, more = JSON_WITH_SCHEMAS }: DebeziumPlace,
): Promise<void> {
  const login = Object.entries(source.source).filter(([key]) => key.startsWith('database.'));
  await connect.put(name, {
    ...(Object.fromEntries(login.map(([key, value]) => [key, String(value)])) as object),
    'topic.prefix': name,
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'poll.interval.ms': '20',
    // Truncates come only if they are asked for.
    'skipped.operations': 'none',
    ...(source.family === 'postgres' ? ofPostgres(name) : ofBinlog(name, source, bootstrapServers)),
    ...more,
  });
}

function ofPostgres(name: string): Readonly<Record<string, string>> {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'plugin.name': 'pgoutput',
    'slot.name': name,
    'publication.name': name,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.*',
  };
}

function ofBinlog(
  name: string,
  source: FamilyDatabase,
  bootstrapServers: string,
): Readonly<Record<string, string>> {
  const isMysql = source.family === 'mysql';
  return {
    'connector.class': isMysql
      ? 'io.debezium.connector.mysql.MySqlConnector'
      : 'io.debezium.connector.mariadb.MariaDbConnector',
    'database.server.id': isMysql ? '7201' : '7202',
    'database.ssl.mode': isMysql ? 'preferred' : 'disable',
    'database.include.list': source.name,
    'schema.history.internal.kafka.bootstrap.servers': bootstrapServers,
    'schema.history.internal.kafka.topic': `${name}-history`,
  };
}
