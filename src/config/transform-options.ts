import type { Option, ResolvedOptions } from './option.ts';
import { examineOptions, type OptionRule } from './resolve-options.ts';

/** Properties of a source that name its transforms and predicates, as Connect has them. */
export const TRANSFORM_OPTIONS: readonly Option[] = [
  {
    name: 'transforms',
    type: { kind: 'list' },
    doc:
      'Names of single message transforms, applied in this order to the records of changes. Each ' +
      'has a `transforms.<name>.type` and properties of its own: ExtractNewRecordState, ' +
      'outbox.EventRouter, RegexRouter. Records then take the general path, which is slower.',
  },
  {
    name: 'transforms.<name>.<property>',
    type: { kind: 'string' },
    doc: 'Type and properties of a transform; also `predicate` and `negate`.',
  },
  {
    name: 'predicates',
    type: { kind: 'list' },
    doc: 'Names of predicates: TopicNameMatches, HasHeaderKey, RecordIsTombstone.',
  },
  {
    name: 'predicates.<name>.<property>',
    type: { kind: 'string' },
    doc: 'Type and properties of a predicate.',
  },
];

/** A transform as configured. */
export interface TransformSetting {
  readonly name: string;
  readonly type: 'ExtractNewRecordState' | 'EventRouter' | 'RegexRouter';
  readonly options: ResolvedOptions;
  readonly predicate: PredicateSetting | null;
  /** Applied where the predicate does not hold. */
  readonly negate: boolean;
}

/** A predicate as configured. */
export interface PredicateSetting {
  readonly type: 'TopicNameMatches' | 'HasHeaderKey' | 'RecordIsTombstone';
  readonly options: ResolvedOptions;
}

const text = (name: string, initial: string | undefined, doc: string): Option => ({
  name,
  type: { kind: 'string' },
  ...(initial === undefined ? {} : { default: initial }),
  doc,
});

const flag = (name: string, initial: 'true' | 'false', doc: string): Option => ({
  name,
  type: { kind: 'boolean' },
  default: initial,
  doc,
});

const COMMON: readonly Option[] = [
  { ...text('type', undefined, 'Class of the transform.'), required: true },
  text('predicate', undefined, 'Name of a predicate.'),
  flag('negate', 'false', 'Apply it where the predicate does not hold.'),
];

const UNWRAP: readonly Option[] = [
  {
    name: 'delete.tombstone.handling.mode',
    type: {
      kind: 'enum',
      values: ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'],
    },
    default: 'tombstone',
    doc: 'What becomes of deletes and of the tombstones behind them.',
  },
  { name: 'add.fields', type: { kind: 'list' }, doc: 'Fields of the envelope to add to the row.' },
  text('add.fields.prefix', '__', 'Prefix of their names.'),
  { name: 'add.headers', type: { kind: 'list' }, doc: 'Fields of the envelope to add as headers.' },
  text('add.headers.prefix', '__', 'Prefix of their names.'),
  text('route.by.field', undefined, 'Field of the row whose value is the topic.'),
  text('drop.fields.header.name', undefined, 'Header with the names of fields to leave out.'),
  flag('drop.fields.from.key', 'false', 'Leave them out of the key, too.'),
  flag('drop.fields.keep.schema.compatible', 'true', 'Leave out only optional fields.'),
  flag('replace.null.with.default', 'true', 'Null becomes the default of the field.'),
];

const BEHAVIOUR = { kind: 'enum', values: ['ignore', 'optional_bytes'] } as const;

const OUTBOX: readonly Option[] = [
  text('table.field.event.id', 'id', 'Column with the id of the event.'),
  text('table.field.event.key', 'aggregateid', 'Column with the key of the event.'),
  text('table.field.event.payload', 'payload', 'Column with the payload.'),
  text('table.field.event.timestamp', undefined, 'Column with the time of the event.'),
  text('table.field.event.schema.version', undefined, 'Column with the version of the schema.'),
  {
    name: 'table.op.invalid.behavior',
    type: { kind: 'enum', values: ['warn', 'error', 'fatal'] },
    default: 'warn',
    doc: 'What an update in the outbox does.',
  },
  flag('table.expand.json.payload', 'false', 'Make a struct of a payload that is JSON.'),
  {
    name: 'table.json.payload.null.behavior',
    type: BEHAVIOUR,
    default: 'ignore',
    doc: 'Fields of an expanded payload that are null.',
  },
  {
    name: 'table.json.payload.empty.array.behavior',
    type: BEHAVIOUR,
    default: 'ignore',
    doc: 'Empty arrays of an expanded payload.',
  },
  {
    name: 'table.fields.additional.placement',
    type: { kind: 'list' },
    doc: '`column:header:alias` or `column:envelope:alias`, the alias may be left out.',
  },
  flag('table.fields.additional.error.on.missing', 'true', 'Stop when such a column is missing.'),
  text('route.by.field', 'aggregatetype', 'Column that decides about the topic.'),
  text('route.topic.regex', '(?<routedByValue>.*)', 'What of its value the topic gets.'),
  text('route.topic.replacement', 'outbox.event.${routedByValue}', 'Name of the topic.'),
  flag('route.tombstone.on.empty.payload', 'false', 'An empty payload becomes a tombstone.'),
];

const REGEX_ROUTER: readonly Option[] = [
  { ...text('regex', undefined, 'Expression over the whole topic name.'), required: true },
  { ...text('replacement', undefined, 'The new name.'), required: true },
];

const TRANSFORMS = {
  'io.debezium.transforms.ExtractNewRecordState': ['ExtractNewRecordState', UNWRAP],
  'io.debezium.transforms.outbox.EventRouter': ['EventRouter', OUTBOX],
  'org.apache.kafka.connect.transforms.RegexRouter': ['RegexRouter', REGEX_ROUTER],
} as const;

const PREDICATES = {
  'org.apache.kafka.connect.transforms.predicates.TopicNameMatches': [
    'TopicNameMatches',
    [{ ...text('pattern', undefined, 'Expression over the topic name.'), required: true }],
  ],
  'org.apache.kafka.connect.transforms.predicates.HasHeaderKey': [
    'HasHeaderKey',
    [{ ...text('name', undefined, 'Name of the header.'), required: true }],
  ],
  'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone': ['RecordIsTombstone', []],
} as const;

/** The transforms in their order. Throws what is wrong with them. */
export function transformSettings(options: ResolvedOptions): readonly TransformSetting[] {
  return options.list('transforms').map((name) => {
    const given = propertiesOf(`transforms.${name}.`, options);
    const [type, table] = classOf(`transforms.${name}.type`, given, TRANSFORMS);
    const own = resolve(`transforms.${name}`, [...COMMON, ...table], given);
    const predicate = own.optionalString('predicate');
    return {
      name,
      type,
      options: own,
      predicate: predicate === undefined ? null : predicateSetting(name, predicate, options),
      negate: own.boolean('negate'),
    };
  });
}

function predicateSetting(
  transform: string,
  name: string,
  options: ResolvedOptions,
): PredicateSetting {
  if (!options.list('predicates').includes(name)) {
    throw new RangeError(`transforms.${transform}.predicate: predicates does not name ${name}`);
  }
  const given = propertiesOf(`predicates.${name}.`, options);
  const [type, table] = classOf(`predicates.${name}.type`, given, PREDICATES);
  const required = { ...text('type', undefined, 'Class of the predicate.'), required: true };
  return { type, options: resolve(`predicates.${name}`, [required, ...table], given) };
}

function propertiesOf(prefix: string, options: ResolvedOptions): Record<string, string> {
  const names = options.names().filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), options.string(name)]));
}

type Classes = Readonly<Record<string, readonly [string, readonly Option[]]>>;

/** Java's class name, or the last part of it. */
function classOf<C extends Classes>(
  property: string,
  given: Readonly<Record<string, string>>,
  classes: C,
): C[keyof C] {
  const name = given['type'];
  if (name === undefined) throw new RangeError(`${property} is required`);
  const found = Object.entries(classes).find(
    ([java, [short]]) => name === java || name.replace(/^outbox\./, '') === short,
  );
  if (found !== undefined) return found[1] as C[keyof C];
  const known = Object.values(classes).map(([short]) => short);
  throw new RangeError(`${property}: ${name} is not built; there are ${known.join(', ')}`);
}

function resolve(
  where: string,
  table: readonly Option[],
  given: Readonly<Record<string, string>>,
): ResolvedOptions {
  // References were replaced when the section was read; what stands here is taken as it is.
  const providers = { environment: {}, folder: '.' };
  const { options, problems } = examineOptions(table, given, { where, providers });
  const [problem] = problems;
  if (problem !== undefined) throw new RangeError(problem.message);
  // A misspelt property would change what goes out: there is no doubt about these names.
  const [stray] = options.warnings;
  if (stray !== undefined) throw new RangeError(stray);
  return options;
}

/** Everything about transforms that can be told before the start. */
export const TRANSFORM_RULES: readonly OptionRule[] = [
  {
    properties: ['transforms'],
    check: (options) => {
      try {
        transformSettings(options);
        return undefined;
      } catch (error) {
        if (error instanceof RangeError) return `cannot be used: ${error.message}`;
        throw error;
      }
    },
  },
];
