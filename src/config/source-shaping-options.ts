import type { Option } from './option.ts';
import { compilePattern, PatternError } from './pattern-list.ts';
import type { OptionRule } from './resolve-options.ts';

const ADJUSTMENT = { kind: 'enum', values: ['none', 'avro', 'avro_unicode'] } as const;

/** What of a source is captured, and by which key. */
export const CAPTURE_OPTIONS: readonly Option[] = [
  {
    name: 'table.include.list',
    type: { kind: 'regex-list' },
    doc: 'Tables to capture, matched against `schema.table`; all when absent.',
  },
  {
    name: 'table.exclude.list',
    type: { kind: 'regex-list' },
    doc: 'Tables to leave out.',
  },
  {
    name: 'column.include.list',
    type: { kind: 'regex-list' },
    doc:
      'Columns to capture, matched against `schema.table.column`; all when absent. Of those of ' +
      'the key, see column.exclude.list.',
  },
  {
    name: 'column.exclude.list',
    type: { kind: 'regex-list' },
    doc:
      'Columns to leave out of rows. One of the key is refused; with the class name of Debezium ' +
      'it stays in the key, and nowhere else.',
  },
  {
    name: 'message.key.columns',
    type: { kind: 'string' },
    doc: 'Other keys: `schema.table:col1,col2;…`, tables as regular expressions.',
  },
  {
    name: 'column.propagate.source.type',
    type: { kind: 'regex-list' },
    default: '.*',
    doc: 'Columns whose schema tells the type in the source, so that sinks create them alike.',
  },
  {
    name: 'datatype.propagate.source.type',
    type: { kind: 'regex-list' },
    doc:
      'As column.propagate.source.type, by the type: matched against `schema.table.type`, with ' +
      'the name that the server has for it, such as `int4` or `varchar`.',
  },
];

/** Which records there are, and what they are called. */
export const RECORD_OPTIONS: readonly Option[] = [
  {
    name: 'skipped.operations',
    type: { kind: 'list' },
    default: 'none',
    doc:
      'Operations that give no records: `c`, `u`, `d`, `t` or `none`. A change of key counts as ' +
      'the delete and the create that it becomes.',
  },
  {
    name: 'skip.messages.without.change',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Updates that change no captured column give no record. Only tables with REPLICA IDENTITY ' +
      'FULL tell what was there before.',
  },
  {
    name: 'tombstones.on.delete',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'After each delete a record with the same key and no value, for compaction.',
  },
  {
    name: 'provide.transaction.metadata',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Tell transactions: a block in each envelope, and records where each begins and ends in ' +
      '`<topic.prefix>.<topic.transaction>`.',
  },
  {
    name: 'transaction.metadata.factory',
    type: {
      kind: 'enum',
      values: ['default'],
      aliases: {
        'io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory': 'default',
      },
    },
    default: 'default',
    doc: 'Who makes the blocks and records of transactions; Java classes cannot be loaded.',
  },
  {
    name: 'compat',
    type: { kind: 'enum', values: ['debezium-3.6', 'debezium-3.7'] },
    doc:
      'Write as that release where ours says more: no headers `__tidemark.*`, its version in ' +
      '`source.version`; of 3.7 also its geometry, with extensions, and its infinities of ' +
      'timestamps. Its wrong values are not reproduced.',
  },
  {
    name: 'extended.headers.enabled',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Headers `__debezium.context.*` on every record.',
  },
  {
    name: 'position.header',
    type: { kind: 'boolean' },
    default: 'true',
    doc:
      'A header `__tidemark.position` on every record of a row: where the change stands in the ' +
      'source, ordered as bytes, for sinks that leave out what is older than what they have. ' +
      'Never with `compat`.',
  },
  {
    name: 'schema.name.adjustment.mode',
    type: ADJUSTMENT,
    default: 'avro',
    doc: 'How names of schemas are made valid for Avro.',
  },
  {
    name: 'field.name.adjustment.mode',
    type: ADJUSTMENT,
    default: 'avro',
    doc:
      'How names of fields are made valid for Avro. With column.propagate.source.type sinks ' +
      'still get the name of the column.',
  },
];

/** The form of values, as far as all families have it. */
export const VALUE_OPTIONS: readonly Option[] = [
  {
    name: 'unavailable.value.placeholder',
    type: { kind: 'string' },
    default: '__debezium_unavailable_value',
    doc:
      'Stands where the server did not send an unchanged large value (TOAST). `hex:` may stand ' +
      'in front of the digits of its bytes.',
  },
  {
    name: 'decimal.handling.mode',
    type: { kind: 'enum', values: ['precise', 'double', 'string'] },
    default: 'precise',
    doc: 'Form of numeric values.',
  },
  {
    name: 'event.converting.failure.handling.mode',
    type: { kind: 'enum', values: ['fail', 'warn', 'skip'] },
    default: 'fail',
    doc:
      'Values that their schema cannot hold (NaN under `precise`, an array of more dimensions): ' +
      '`warn` and `skip` put a placeholder, name the field in `__tidemark.unconverted`, a header ' +
      '(sinks write null), and log it, or not. In a key they always fail.',
  },
  {
    name: 'binary.handling.mode',
    type: { kind: 'enum', values: ['bytes', 'base64', 'base64-url-safe', 'hex'] },
    default: 'bytes',
    doc: 'Form of bytea values.',
  },
  {
    name: 'default.value.mode',
    type: { kind: 'enum', values: ['exact', 'debezium'] },
    default: 'exact',
    doc:
      'Defaults in schemas: constants of all types; or as Debezium, which knows some types only ' +
      'and shows a zero where a function makes the value.',
  },
];

/** Who makes the source block: the class of the original, or none. */
export function structMakerOption(javaClass: string): Option {
  return {
    name: 'sourceinfo.struct.maker',
    type: { kind: 'enum', values: ['default'], aliases: { [javaClass]: 'default' } },
    default: 'default',
    doc: 'Who makes the source block; Java classes cannot be loaded.',
  };
}

/** Rules over these properties. */
export const SHAPING_RULES: readonly OptionRule[] = [
  exclusive('table.include.list', 'table.exclude.list'),
  exclusive('column.include.list', 'column.exclude.list'),
  {
    properties: ['skipped.operations'],
    check: (options) => {
      const operations = options.list('skipped.operations');
      const stray = operations.find((operation) => !/^(c|u|d|t|none)$/.test(operation));
      if (stray !== undefined) return `has ${stray}; there are c, u, d, t and none`;
      return operations.length > 1 && operations.includes('none')
        ? 'has none beside other operations'
        : undefined;
    },
  },
  {
    properties: ['message.key.columns'],
    check: (options) => {
      const text = options.optionalString('message.key.columns');
      return text === undefined || parseMessageKeys(text) !== undefined
        ? undefined
        : 'must have the form schema.table:column,column;schema.table:column';
    },
  },
];

/** An entry of message.key.columns. */
export interface MessageKeyRule {
  readonly table: RegExp;
  readonly columns: readonly string[];
}

/** `regex:col,col;regex:col`; undefined when the form is not right. */
export function parseMessageKeys(text: string): readonly MessageKeyRule[] | undefined {
  const rules: MessageKeyRule[] = [];
  for (const entry of text.split(';').filter((part) => part.trim() !== '')) {
    const at = entry.lastIndexOf(':');
    const columns = entry
      .slice(at + 1)
      .split(',')
      .map((column) => column.trim());
    if (at < 1 || columns.includes('')) return undefined;
    try {
      rules.push({ table: compilePattern(entry.slice(0, at).trim(), 'i'), columns });
    } catch (error) {
      if (error instanceof PatternError) return undefined;
      throw error;
    }
  }
  return rules;
}

/** Two lists of which one may be given. */
export function exclusive(include: string, exclude: string): OptionRule {
  return {
    properties: [include, exclude],
    check: (options) =>
      options.patterns(include).length > 0 && options.patterns(exclude).length > 0
        ? `and ${exclude} exclude each other: give one of them`
        : undefined,
  };
}
