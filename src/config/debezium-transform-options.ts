import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { TransformClass } from './transform-class.ts';
import {
  choiceOption,
  flagOption,
  listOption,
  numberOption,
  requiredListOption,
  requiredOption,
  textOption,
} from './transform-class.ts';

function debezium(path: string, doc: string, options: readonly Option[]): TransformClass {
  return { java: `io.debezium.${path}`, sided: false, doc, options };
}

const UNWRAP: readonly Option[] = [
  choiceOption(
    'delete.tombstone.handling.mode',
    ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'],
    'tombstone',
    'What becomes of deletes and of the tombstones behind them.',
  ),
  listOption('add.fields', 'Fields of the envelope to add to the row: `op,source.lsn,ts_ms:TIME`.'),
  textOption('add.fields.prefix', '__', 'Prefix of their names.'),
  listOption('add.headers', 'Fields of the envelope to add as headers.'),
  textOption('add.headers.prefix', '__', 'Prefix of their names.'),
  textOption('route.by.field', undefined, 'Field of the row whose value is the topic.'),
  textOption('drop.fields.header.name', undefined, 'Header with the names of fields to leave out.'),
  flagOption('drop.fields.from.key', 'false', 'Leave them out of the key, too.'),
  flagOption('drop.fields.keep.schema.compatible', 'true', 'Leave out only optional fields.'),
  flagOption('replace.null.with.default', 'true', 'Null becomes the default of the field.'),
  ...refusedOptions({
    'drop.tombstones': 'it went with Debezium 3.2; delete.tombstone.handling.mode decides',
    'delete.handling.mode': 'it went with Debezium 3.2; delete.tombstone.handling.mode decides',
  }),
];

const BEHAVIOUR = ['ignore', 'optional_bytes'] as const;

const OUTBOX: readonly Option[] = [
  textOption('table.field.event.id', 'id', 'Column with the id of the event.'),
  textOption('table.field.event.key', 'aggregateid', 'Column with the key of the event.'),
  textOption('table.field.event.payload', 'payload', 'Column with the payload.'),
  textOption('table.field.event.timestamp', undefined, 'Column with the time of the event.'),
  textOption(
    'table.field.event.schema.version',
    undefined,
    'Column with the version of the schema.',
  ),
  choiceOption(
    'table.op.invalid.behavior',
    ['warn', 'error', 'fatal'],
    'warn',
    'What an update in the outbox does.',
  ),
  flagOption('table.expand.json.payload', 'false', 'Make a struct of a payload that is JSON.'),
  choiceOption(
    'table.json.payload.null.behavior',
    BEHAVIOUR,
    'ignore',
    'Fields of an expanded payload that are null.',
  ),
  choiceOption(
    'table.json.payload.empty.array.behavior',
    BEHAVIOUR,
    'ignore',
    'Empty arrays of an expanded payload.',
  ),
  listOption(
    'table.fields.additional.placement',
    '`column:header:alias`, `column:envelope:alias`, `column:partition`; or no alias.',
  ),
  choiceOption(
    'table.field.additional.missing',
    ['error', 'ignore'],
    undefined,
    'What such a column does that is missing; error when not given.',
  ),
  {
    name: 'table.fields.additional.error.on.missing',
    type: { kind: 'boolean' },
    doc: 'The older name of it.',
  },
  choiceOption(
    'field.name.adjustment.mode',
    ['none', 'avro', 'avro_unicode'],
    'none',
    'Names in an expanded payload made valid for Avro.',
  ),
  textOption('route.by.field', 'aggregatetype', 'Column that decides about the topic.'),
  textOption('route.topic.regex', '(?<routedByValue>.*)', 'What of its value the topic gets.'),
  textOption('route.topic.replacement', 'outbox.event.${routedByValue}', 'Name of the topic.'),
  flagOption('route.tombstone.on.empty.payload', 'false', 'An empty payload becomes a tombstone.'),
  ...acceptedOptions({
    'table.field.event.type': 'the original reads it nowhere either',
    'tracing.operation.name': 'there is no OpenTelemetry; without it the original traces nothing',
    'tracing.span.context.field':
      'there is no OpenTelemetry; without it the original traces nothing',
    'tracing.with.context.field.only':
      'there is no OpenTelemetry; without it the original traces nothing',
  }),
];

const SCRIPT: readonly Option[] = [
  textOption('topic.regex', undefined, 'Topics that this is for; all others pass.'),
  {
    ...choiceOption('language', ['js'], undefined, 'Only JavaScript: `js` or `jsr223.graal.js`.', {
      aliases: { 'jsr223.graal.js': 'js', 'jsr223.js': 'js' },
      refused: {
        'jsr223.groovy': 'only JavaScript is built in: write the expression in it, language: js',
        'wasm.chicory': 'only JavaScript is built in: write the expression in it, language: js',
      },
    }),
    required: true,
  },
  choiceOption(
    'null.handling.mode',
    ['keep', 'drop', 'evaluate'],
    'keep',
    'What becomes of tombstones.',
  ),
];

/** Styles of names, whose values the original reads in either case. */
function namingOptions(of: 'collection' | 'column', what: string): readonly Option[] {
  return [
    choiceOption(
      `${of}.naming.style`,
      ['default', 'snake_case', 'camel_case', 'upper_case', 'lower_case'],
      'default',
      `How ${what} is written; \`default\`: as it is.`,
    ),
    textOption(`${of}.naming.prefix`, undefined, 'Stands in front of it.'),
    textOption(`${of}.naming.suffix`, undefined, 'Stands behind it.'),
  ];
}

const SRIDS = listOption('srids', 'SRIDs that are concerned; `4326,3857,4269` when not given.');

/** Transforms of Debezium, by the last part of their class name. */
export const DEBEZIUM_TRANSFORMS = {
  ExtractNewRecordState: debezium(
    'transforms.ExtractNewRecordState',
    'The row takes the place of its envelope ("unwrap").',
    UNWRAP,
  ),
  EventRouter: debezium(
    'transforms.outbox.EventRouter',
    'Rows inserted into an outbox become events in the topics that they name.',
    OUTBOX,
  ),
  ExtractChangedRecordState: debezium(
    'transforms.ExtractChangedRecordState',
    'Names of changed and unchanged columns as headers; needs both images.',
    [
      textOption('header.changed.name', undefined, 'Header for the changed ones.'),
      textOption('header.unchanged.name', undefined, 'Header for the others.'),
    ],
  ),
  ExtractSchemaToNewRecord: debezium(
    'transforms.ExtractSchemaToNewRecord',
    'Tells the columns in a field `sourceSchema`; needs `column.propagate.source.type: .*`.',
    [
      choiceOption(
        'schema.name.adjustment.mode',
        ['none', 'avro', 'avro_unicode'],
        'none',
        'Has no effect: the names of its schemas are valid for Avro.',
      ),
    ],
  ),
  ByLogicalTableRouter: debezium(
    'transforms.ByLogicalTableRouter',
    'Tables with topics of one pattern go to one topic; a field in the key keeps them apart.',
    [
      requiredOption('topic.regex', 'Expression over the whole topic name.'),
      requiredOption('topic.replacement', 'The new name.'),
      flagOption('key.enforce.uniqueness', 'true', 'Add the field to the key.'),
      textOption('key.field.name', '__dbz__physicalTableIdentifier', 'Name of the field.'),
      textOption('key.field.regex', undefined, 'What of the old topic the field gets; all of it.'),
      textOption('key.field.replacement', undefined, 'The value of the field.'),
      choiceOption(
        'schema.name.adjustment.mode',
        ['none', 'avro', 'avro_unicode'],
        'none',
        'Schema names that follow from the topic made valid for Avro.',
      ),
      ...acceptedOptions({ 'logical.table.cache.size': 'schemas are kept as long as in use' }),
    ],
  ),
  ContentBasedRouter: debezium(
    'transforms.ContentBasedRouter',
    'An expression names the topic; null leaves it.',
    [requiredOption('topic.expression', 'The expression, as for Filter.'), ...SCRIPT],
  ),
  PartitionRouting: debezium(
    'transforms.partitions.PartitionRouting',
    'The partition follows from fields of the event.',
    [
      requiredListOption(
        'partition.payload.fields',
        'Paths such as `source.table`, `change.id`; change is before for deletes, else after.',
      ),
      {
        ...numberOption('partition.topic.num', { min: 1 }, undefined, 'Partitions of the topic.'),
        required: true,
      },
      choiceOption('partition.hash.function', ['java', 'murmur'], 'java', 'How values are hashed.'),
    ],
  ),
  TimezoneConverter: debezium(
    'transforms.TimezoneConverter',
    'Times told in another zone; those without zone are taken for local ones of it.',
    [
      requiredOption('converted.timezone', '`Europe/Berlin`, `+08:00`.'),
      listOption(
        'include.list',
        '`source:<table>:<field>`, `topic:<topic>:<field>`, `<name>:<field>`.',
      ),
      listOption('exclude.list', 'The same, for what is not converted.'),
    ],
  ),
  HeaderToValue: debezium(
    'transforms.HeaderToValue',
    'Copies or moves headers into fields of the value.',
    [
      requiredListOption('headers', 'Names of the headers.'),
      requiredListOption(
        'fields',
        'Names of the fields, in the order of the headers; dots lead into structs.',
      ),
      {
        ...choiceOption('operation', ['move', 'copy'], undefined, 'Move or copy.'),
        required: true,
      },
    ],
  ),
  SchemaChangeEventFilter: debezium(
    'transforms.SchemaChangeEventFilter',
    'Drops schema change events; PostgreSQL has none.',
    [listOption('schema.change.event.exclude.list', 'Kinds of events.')],
  ),
  EnforceRecordSize: debezium(
    'transforms.EnforceRecordSize',
    'Cuts long text and bytes of events that are too large: data is lost, by design.',
    [
      {
        ...numberOption('max.bytes', { min: 1 }, undefined, 'Size from which on it cuts.'),
        required: true,
      },
      textOption(
        'compression.ratio',
        '1.0',
        'Factor between the estimate and the size that counts.',
      ),
      numberOption('min.field.size', { min: 0 }, '25000', 'Values up to this size stay.'),
    ],
  ),
  VectorToJsonConverter: debezium(
    'transforms.VectorToJsonConverter',
    'Vectors of pgvector become JSON text.',
    [],
  ),
  DecodeLogicalDecodingMessageContent: debezium(
    'connector.postgresql.transforms.DecodeLogicalDecodingMessageContent',
    'JSON in logical messages becomes the row of an event, for the EventRouter.',
    [flagOption('fields.null.include', 'false', 'Fields that are null become optional bytes.')],
  ),
  GeometryFormatTransformer: debezium(
    'transforms.GeometryFormatTransformer',
    'WKB becomes EWKB, or the other way around.',
    [choiceOption('format', ['wkb', 'ewkb'], 'wkb', 'What comes in.')],
  ),
  SwapGeometryCoordinates: debezium(
    'transforms.SwapGeometryCoordinates',
    'x and y of geometries change places.',
    [SRIDS],
  ),
  TimescaleDb: debezium(
    'connector.postgresql.transforms.timescaledb.TimescaleDb',
    'Rows of chunks go to the topic of their hypertable or continuous aggregate; sources only.',
    [
      {
        ...listOption('schema.list', 'Schemas whose tables are chunks.'),
        default: '_timescaledb_internal',
      },
      textOption('target.topic.prefix', 'timescaledb', 'First part of the names of the topics.'),
      ...acceptedOptions({
        'database.<property>': 'the connection of the source is used',
        'driver.<property>': 'the connection of the source is used',
      }),
    ],
  ),
  CollectionNameTransformation: debezium(
    'connector.jdbc.transforms.CollectionNameTransformation',
    'Writes the name of the topic, and so of the table, in another style.',
    namingOptions('collection', 'the name'),
  ),
  FieldNameTransformation: debezium(
    'connector.jdbc.transforms.FieldNameTransformation',
    'Writes the names of columns in another style, in key and row.',
    namingOptions('column', 'a name'),
  ),
  ActivateTracingSpan: debezium(
    'transforms.tracing.ActivateTracingSpan',
    'Leaves records as they are, with a warning: there is no tracing.',
    acceptedOptions({
      'tracing.operation.name': 'there is no tracing',
      'tracing.span.context.field': 'there is no tracing',
      'tracing.with.context.field.only': 'there is no tracing',
    }),
  ),
  OpenLineage: debezium(
    'transforms.openlineage.OpenLineage',
    'Leaves records as they are, with a warning: lineage is not told.',
    [],
  ),
  ReadToInsertEvent: debezium(
    'connector.mysql.transforms.ReadToInsertEvent',
    'Rows of a snapshot come as inserts.',
    [],
  ),
} as const satisfies Readonly<Record<string, TransformClass>>;

/** Debezium's Filter shares its short name with Connect's: it needs the whole class name. */
export const SCRIPT_FILTER: TransformClass = debezium(
  'transforms.Filter',
  'Keeps the records for which an expression is true.',
  [
    requiredOption(
      'condition',
      'The expression, over value, key, valueSchema, keySchema, topic, headers.',
    ),
    ...SCRIPT,
  ],
);

/** Classes that exist and are not built: why, and what instead. */
export const REFUSED_TRANSFORMS: Readonly<Record<string, string>> = {
  'io.debezium.connector.mongodb.transforms.ExtractNewDocumentState': 'there is no MongoDB source',
  'io.debezium.connector.mongodb.transforms.outbox.MongoEventRouter': 'there is no MongoDB source',
};
