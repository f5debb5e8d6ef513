import { COLUMN_CONVERTER_RULES } from './column-converter-options.ts';
import { COLUMN_MASK_OPTIONS, COLUMN_MASK_RULES } from './column-mask-options.ts';
import { SOURCE_CONNECTOR_OPTIONS } from './connector-options.ts';
import { CONVERTER_RULES } from './converter-options.ts';
import { METRIC_TAG_OPTIONS, METRIC_TAG_RULES } from './metric-tag-options.ts';
import type { Option } from './option.ts';
import { POST_PROCESSOR_RULES } from './post-processor-options.ts';
import type { OptionRule } from './resolve-options.ts';
import { SIGNAL_OPTIONS, SIGNAL_RULES } from './signal-options.ts';
import { SOURCE_ERROR_RULES } from './source-error-options.ts';
import { SHAPING_RULES } from './source-shaping-options.ts';
import { SOURCE_SNAPSHOT_RULES } from './source-snapshot-options.ts';
import { SOURCE_WATCH_OPTIONS, SOURCE_WATCH_RULES } from './source-watch-options.ts';
import { TOPIC_NAMING_RULES } from './topic-naming-options.ts';
import { TRANSFORM_RULES } from './transform-options.ts';

/** Class and prefix: what a source is. */
export function identityOptions(ownClass: string, debeziumClass: string): readonly Option[] {
  return [
    {
      name: 'connector.class',
      type: { kind: 'string' },
      required: true,
      doc: `\`${ownClass}\` (safe defaults) or \`${debeziumClass}\` (its defaults).`,
    },
    {
      name: 'topic.prefix',
      type: { kind: 'string' },
      required: true,
      doc:
        'First part of every topic name, and identity of the source: never change it ' +
        'afterwards.',
    },
  ];
}

/** What sources of all families have, in one form. */
export const SOURCE_OPTIONS: readonly Option[] = [
  ...SIGNAL_OPTIONS,
  ...COLUMN_MASK_OPTIONS,
  ...METRIC_TAG_OPTIONS,
  ...SOURCE_CONNECTOR_OPTIONS,
  ...SOURCE_WATCH_OPTIONS,
];

/** Debezium's defaults where they differ from ours, for its classes of all families. */
export const DEBEZIUM_SOURCE_DEFAULTS: Readonly<Record<string, string | null>> = {
  'skipped.operations': 't',
  'column.propagate.source.type': null,
  'heartbeat.interval.ms': '0',
  'default.value.mode': 'debezium',
  'event.converting.failure.handling.mode': 'warn',
  'schema.name.adjustment.mode': 'none',
  'field.name.adjustment.mode': 'none',
  'snapshot.max.threads': '1',
  'incremental.snapshot.watermarking.strategy': 'insert_insert',
  'ddl.rewrites': 'warn',
  'extended.headers.enabled': 'true',
  'position.header': 'false',
  'key.converter': 'json',
  'value.converter': 'json',
  'key.converter.replace.null.with.default': 'true',
  'value.converter.replace.null.with.default': 'true',
};

/** Rules over several properties that all families have. */
export const SOURCE_RULES: readonly OptionRule[] = [
  ...SOURCE_SNAPSHOT_RULES,
  ...SIGNAL_RULES,
  ...COLUMN_MASK_RULES,
  ...COLUMN_CONVERTER_RULES,
  ...CONVERTER_RULES,
  ...POST_PROCESSOR_RULES,
  ...METRIC_TAG_RULES,
  ...TRANSFORM_RULES,
  ...SHAPING_RULES,
  ...SOURCE_ERROR_RULES,
  ...TOPIC_NAMING_RULES,
  ...SOURCE_WATCH_RULES,
  {
    properties: ['topic.prefix'],
    check: (options) => {
      const prefix = options.optionalString('topic.prefix');
      if (prefix === undefined || /^[A-Za-z0-9._-]{1,200}$/.test(prefix)) return undefined;
      return 'may have only letters, digits, dot, underscore and hyphen';
    },
  },
];
