import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import {
  CONFLUENT_JDBC_SINK_CLASS,
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_CLASS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_CLASSES,
  JDBC_SINK_OPTIONS,
  jdbcSinkRules,
} from './jdbc-sink-options.ts';
import { KAFKA_SINK_RULES, KAFKA_SOURCE_RULES } from './kafka-connector-options.ts';
import {
  DEBEZIUM_POSTGRES_CLASS,
  DEBEZIUM_POSTGRES_OPTIONS,
  POSTGRES_CLASS,
  POSTGRES_OPTIONS,
  POSTGRES_RULES,
} from './postgres-options.ts';

/** Whose names and defaults a class brings. */
export type ConnectorFlavour = 'tidemark' | 'debezium' | 'confluent';

/** What a name in `connector.class` stands for. */
export interface ConnectorClass {
  readonly names: readonly string[];
  readonly flavour: ConnectorFlavour;
  readonly options: readonly Option[];
  readonly rules: readonly OptionRule[];
}

/** Classes of the section `source`. */
export const SOURCE_CLASSES: readonly ConnectorClass[] = [
  {
    names: [POSTGRES_CLASS],
    flavour: 'tidemark',
    options: POSTGRES_OPTIONS,
    rules: [...POSTGRES_RULES, ...KAFKA_SOURCE_RULES],
  },
  {
    names: [DEBEZIUM_POSTGRES_CLASS],
    flavour: 'debezium',
    options: DEBEZIUM_POSTGRES_OPTIONS,
    rules: [...POSTGRES_RULES, ...KAFKA_SOURCE_RULES],
  },
];

/** Classes of the entries of `sinks`. */
export const SINK_CLASSES: readonly ConnectorClass[] = [
  {
    names: JDBC_SINK_CLASSES,
    flavour: 'tidemark',
    options: JDBC_SINK_OPTIONS,
    rules: [...jdbcSinkRules('pk.mode'), ...KAFKA_SINK_RULES],
  },
  {
    names: [CONFLUENT_JDBC_SINK_CLASS],
    flavour: 'confluent',
    options: CONFLUENT_JDBC_SINK_OPTIONS,
    rules: [...jdbcSinkRules('pk.mode'), ...KAFKA_SINK_RULES],
  },
  {
    names: [DEBEZIUM_JDBC_SINK_CLASS],
    flavour: 'debezium',
    options: DEBEZIUM_JDBC_SINK_OPTIONS,
    rules: [...jdbcSinkRules('primary.key.mode'), ...KAFKA_SINK_RULES],
  },
];

/** Classes that exist elsewhere and are not built here: name → why. */
export const REFUSED_CLASSES: Readonly<Record<string, string>> = {
  mysql: 'the MySQL source is not built yet',
  mariadb: 'the MariaDB source is not built yet',
  'io.debezium.connector.mysql.MySqlConnector': 'the MySQL source is not built yet',
  'io.debezium.connector.mariadb.MariaDbConnector': 'the MariaDB source is not built yet',
  elasticsearch: 'the search sink is not built yet',
  opensearch: 'the search sink is not built yet',
  'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector':
    'the search sink is not built yet',
  file: 'the file sink is not built yet',
  'org.apache.kafka.connect.file.FileStreamSinkConnector': 'the file sink is not built yet',
};
