import {
  CONNECT_FILE_SINK_CLASSES,
  CONNECT_FILE_SINK_OPTIONS,
  FILE_SINK_CLASS,
  FILE_SINK_OPTIONS,
  FILE_SINK_RULES,
} from './file-sink-options.ts';
import {
  CONNECT_FILE_SOURCE_CLASSES,
  CONNECT_FILE_SOURCE_OPTIONS,
  FILE_SOURCE_CLASS,
  FILE_SOURCE_OPTIONS,
  FILE_SOURCE_RULES,
} from './file-source-options.ts';
import {
  FIELD_LIST_RULES,
  FIELD_WHITELIST_RULES,
  TIME_RULES,
  USE_TIME_ZONE_RULES,
} from './jdbc-sink-field-options.ts';
import { NAMING_STRATEGY_RULES } from './jdbc-sink-naming-options.ts';
import { jdbcSinkRules } from './jdbc-sink-rules.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import {
  CONFLUENT_JDBC_SINK_CLASS,
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_CLASS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_CLASSES,
  JDBC_SINK_OPTIONS,
} from './jdbc-sink-options.ts';
import { KAFKA_SINK_RULES, KAFKA_SOURCE_RULES } from './kafka-connector-options.ts';
import {
  DEBEZIUM_MARIADB_OPTIONS,
  DEBEZIUM_MYSQL_OPTIONS,
  MARIADB_OPTIONS,
  MYSQL_OPTIONS,
  MYSQL_RULES,
} from './mysql-options.ts';
import { DEBEZIUM_POSTGRES_OPTIONS, POSTGRES_OPTIONS, POSTGRES_RULES } from './postgres-options.ts';
import {
  DEBEZIUM_MARIADB_CLASS,
  DEBEZIUM_MYSQL_CLASS,
  DEBEZIUM_POSTGRES_CLASS,
  MARIADB_CLASS,
  MYSQL_CLASS,
  POSTGRES_CLASS,
} from './source-family.ts';
import { evolutionRules } from './evolution-policy.ts';
import {
  AIVEN_SEARCH_SINK_CLASS,
  AIVEN_SEARCH_SINK_OPTIONS,
  CONFLUENT_SEARCH_SINK_CLASS,
  CONFLUENT_SEARCH_SINK_OPTIONS,
  SEARCH_SINK_CLASSES,
  SEARCH_SINK_OPTIONS,
} from './search-sink-options.ts';
import { searchSinkRules } from './search-sink-rules.ts';
import { sinkErrorRules } from './sink-error-options.ts';

/** Whose names and defaults a class brings. */
export type ConnectorFlavour = 'tidemark' | 'debezium' | 'confluent' | 'connect';

/** What a name in `connector.class` stands for. */
export interface ConnectorClass {
  readonly names: readonly string[];
  readonly flavour: ConnectorFlavour;
  readonly options: readonly Option[];
  readonly rules: readonly OptionRule[];
}

/** Classes of the section `source` that read a database. */
export const DATABASE_SOURCE_CLASSES: readonly ConnectorClass[] = [
  sourceClass(POSTGRES_CLASS, 'tidemark', POSTGRES_OPTIONS, POSTGRES_RULES),
  sourceClass(DEBEZIUM_POSTGRES_CLASS, 'debezium', DEBEZIUM_POSTGRES_OPTIONS, POSTGRES_RULES),
  sourceClass(MYSQL_CLASS, 'tidemark', MYSQL_OPTIONS, MYSQL_RULES),
  sourceClass(DEBEZIUM_MYSQL_CLASS, 'debezium', DEBEZIUM_MYSQL_OPTIONS, MYSQL_RULES),
  sourceClass(MARIADB_CLASS, 'tidemark', MARIADB_OPTIONS, MYSQL_RULES),
  sourceClass(DEBEZIUM_MARIADB_CLASS, 'debezium', DEBEZIUM_MARIADB_OPTIONS, MYSQL_RULES),
];

/** All classes of the section `source`. */
export const SOURCE_CLASSES: readonly ConnectorClass[] = [
  ...DATABASE_SOURCE_CLASSES,
  sourceClass(FILE_SOURCE_CLASS, 'tidemark', FILE_SOURCE_OPTIONS, FILE_SOURCE_RULES),
  ...CONNECT_FILE_SOURCE_CLASSES.map((name) =>
    sourceClass(name, 'connect', CONNECT_FILE_SOURCE_OPTIONS, FILE_SOURCE_RULES),
  ),
];

function sourceClass(
  name: string,
  flavour: ConnectorFlavour,
  options: readonly Option[],
  rules: readonly OptionRule[],
): ConnectorClass {
  return { names: [name], flavour, options, rules: [...rules, ...KAFKA_SOURCE_RULES] };
}

/** Classes of the entries of `sinks`. */
export const SINK_CLASSES: readonly ConnectorClass[] = [
  {
    names: JDBC_SINK_CLASSES,
    flavour: 'tidemark',
    options: JDBC_SINK_OPTIONS,
    rules: [
      ...jdbcSinkRules('pk.mode'),
      ...sinkErrorRules('pk.mode', 'tidemark'),
      ...evolutionRules('tidemark'),
      ...FIELD_LIST_RULES,
      ...FIELD_WHITELIST_RULES,
      ...TIME_RULES,
      ...KAFKA_SINK_RULES,
    ],
  },
  {
    names: [CONFLUENT_JDBC_SINK_CLASS],
    flavour: 'confluent',
    options: CONFLUENT_JDBC_SINK_OPTIONS,
    rules: [
      ...jdbcSinkRules('pk.mode'),
      ...sinkErrorRules('pk.mode', 'connect'),
      ...evolutionRules('connect'),
      ...TIME_RULES,
      ...KAFKA_SINK_RULES,
    ],
  },
  {
    names: [DEBEZIUM_JDBC_SINK_CLASS],
    flavour: 'debezium',
    options: DEBEZIUM_JDBC_SINK_OPTIONS,
    rules: [
      ...jdbcSinkRules('primary.key.mode'),
      ...sinkErrorRules('primary.key.mode', 'connect'),
      ...evolutionRules('connect'),
      ...FIELD_LIST_RULES,
      ...NAMING_STRATEGY_RULES,
      ...USE_TIME_ZONE_RULES,
      ...KAFKA_SINK_RULES,
    ],
  },
  {
    names: [FILE_SINK_CLASS],
    flavour: 'tidemark',
    options: FILE_SINK_OPTIONS,
    rules: [...FILE_SINK_RULES, ...KAFKA_SINK_RULES],
  },
  {
    names: CONNECT_FILE_SINK_CLASSES,
    flavour: 'connect',
    options: CONNECT_FILE_SINK_OPTIONS,
    rules: [...FILE_SINK_RULES, ...KAFKA_SINK_RULES],
  },
  {
    names: SEARCH_SINK_CLASSES,
    flavour: 'tidemark',
    options: SEARCH_SINK_OPTIONS,
    rules: [...searchSinkRules('write.method', 'search'), ...KAFKA_SINK_RULES],
  },
  {
    names: [CONFLUENT_SEARCH_SINK_CLASS],
    flavour: 'confluent',
    options: CONFLUENT_SEARCH_SINK_OPTIONS,
    rules: [...searchSinkRules('write.method', 'connect'), ...KAFKA_SINK_RULES],
  },
  {
    names: [AIVEN_SEARCH_SINK_CLASS],
    flavour: 'connect',
    options: AIVEN_SEARCH_SINK_OPTIONS,
    rules: [...searchSinkRules('index.write.method', 'connect'), ...KAFKA_SINK_RULES],
  },
];

/** Classes that exist elsewhere and are not built here: name → why. */
export const REFUSED_CLASSES: Readonly<Record<string, string>> = {
  'io.debezium.connector.mongodb.MongoDbSinkConnector': 'there is no sink into MongoDB',
  'io.aiven.connect.elasticsearch.ElasticsearchSinkConnector':
    'use elasticsearch, which has the same properties',
  'io.lenses.streamreactor.connect.opensearch.OpenSearchSinkConnector':
    'use opensearch, which has no KCQL: topic.index.map names the indices',
};
