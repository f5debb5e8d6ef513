import type { EnumType, Option } from './option.ts';
import { refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { renamedTo } from './source-unused-options.ts';

const NO_CLASSES = 'Java classes cannot be loaded';

const COLLECTION_STRATEGY: EnumType = {
  kind: 'enum',
  values: ['default', 'passthrough'],
  aliases: {
    'io.debezium.sink.naming.DefaultCollectionNamingStrategy': 'default',
    'io.debezium.connector.jdbc.naming.DefaultTableNamingStrategy': 'default',
    'io.debezium.sink.naming.PassthroughCollectionNamingStrategy': 'passthrough',
  },
};

const COLUMN_STRATEGY: EnumType = {
  kind: 'enum',
  values: ['default'],
  aliases: {
    'io.debezium.sink.naming.DefaultColumnNamingStrategy': 'default',
    'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy': 'default',
  },
};

/** How Debezium's class names tables and columns, by the classes that it brings along. */
export const NAMING_STRATEGY_OPTIONS: readonly Option[] = [
  {
    name: 'collection.naming.strategy',
    type: COLLECTION_STRATEGY,
    default: 'default',
    doc:
      'What `${topic}` of collection.name.format is: the topic with underscores for dots ' +
      '(`default`), or as it is (`passthrough`), of which the last two parts are schema and ' +
      `table. Also by the original's class names. For other styles there is the transform ` +
      'CollectionNameTransformation.',
  },
  {
    name: 'column.naming.strategy',
    type: COLUMN_STRATEGY,
    default: 'default',
    doc:
      'Columns have the names of their fields. For other styles there is the transform ' +
      'FieldNameTransformation.',
  },
  ...refusedOptions({
    'table.name.format': renamedTo('collection.name.format'),
    'table.naming.strategy': renamedTo('collection.naming.strategy'),
    'collection.naming.strategy.<property>': NO_CLASSES,
    'column.naming.strategy.<property>': NO_CLASSES,
  }),
];

export const NAMING_STRATEGY_RULES: readonly OptionRule[] = [
  {
    properties: ['collection.naming.strategy', 'collection.name.format'],
    check: (options) =>
      options.optionalString('collection.naming.strategy') === 'passthrough' &&
      options.string('collection.name.format').includes('${source.')
        ? 'passthrough knows no ${source.…}, only ${topic}: use default'
        : undefined,
  },
];
