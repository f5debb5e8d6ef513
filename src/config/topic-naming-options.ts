import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const CLASSES = 'io.debezium.schema';

/** Java's two kinds of names: which of them has the schema or database depends on the family. */
function strategyAliases(
  full: 'Schema' | 'Default',
  bare: 'Schema' | 'Default',
  name: 'schema' | 'database',
): Readonly<Record<string, string>> {
  return {
    [`${CLASSES}.${full}TopicNamingStrategy`]: name,
    [`${CLASSES}.${bare}TopicNamingStrategy`]: 'table',
    [`${CLASSES}.${full}UnicodeTopicNamingStrategy`]: 'unicode',
    [`${CLASSES}.${bare}UnicodeTopicNamingStrategy`]: 'table_unicode',
    [`${CLASSES}.${full}RegexTopicNamingStrategy`]: 'regex',
    [`${CLASSES}.${bare}RegexTopicNamingStrategy`]: 'table_regex',
  };
}

function namingOptions(
  name: 'schema' | 'database',
  aliases: Readonly<Record<string, string>>,
): readonly Option[] {
  return [DELIMITER, strategyOption(name, aliases), ...NAME_OPTIONS];
}

const DELIMITER: Option = {
  name: 'topic.delimiter',
  type: { kind: 'string' },
  default: '.',
  doc: 'Between the parts of topic names: `.`, `_` or `-`.',
};

function strategyOption(
  name: 'schema' | 'database',
  aliases: Readonly<Record<string, string>>,
): Option {
  return {
    name: 'topic.naming.strategy',
    type: {
      kind: 'enum',
      values: [name, 'table', 'unicode', 'table_unicode', 'regex', 'table_regex'],
      aliases,
    },
    default: name,
    doc:
      `\`${name}\`: \`<topic.prefix>.<${name}>.<table>\`, what Kafka forbids in names becomes ` +
      '`_`, and tables that would share a topic are refused. `unicode`: it becomes `_uXXXX`, ' +
      'also the underscore itself. `regex`: the name is replaced by `topic.regex`. `table…`: ' +
      `the same without the ${name}. The class names of the original work.`,
  };
}

const NAME_OPTIONS: readonly Option[] = [
  {
    name: 'topic.regex',
    type: { kind: 'regex' },
    doc: 'With `regex`: topics that match as a whole get the name in `topic.replacement`.',
  },
  {
    name: 'topic.replacement',
    type: { kind: 'string' },
    doc: 'With `regex`: the new name; `$1` or `${name}` is a group. Tables may share a topic.',
  },
  {
    name: 'topic.key.enforce.uniqueness',
    type: { kind: 'boolean' },
    default: 'true',
    doc:
      'With `regex`: keys get one more field, which tells the table. Without it the keys of ' +
      'tables that share a topic must never be equal.',
  },
  {
    name: 'topic.key.field.name',
    type: { kind: 'string' },
    default: '__dbz__physicalTableIdentifier',
    doc: 'Name of this field.',
  },
  {
    name: 'topic.key.field.regex',
    type: { kind: 'regex' },
    doc: 'What of the old topic name stands in this field; absent: all of it.',
  },
  {
    name: 'topic.key.field.replacement',
    type: { kind: 'string' },
    doc: 'The value of this field, with the groups of `topic.key.field.regex`.',
  },
  {
    name: 'topic.heartbeat.prefix',
    type: { kind: 'string' },
    default: '__debezium-heartbeat',
    doc: 'First part of the name of the topic with heartbeats.',
  },
  {
    name: 'topic.heartbeat.name',
    type: { kind: 'string' },
    doc: 'The whole name of the topic with heartbeats.',
  },
  {
    name: 'topic.transaction',
    type: { kind: 'string' },
    default: 'transaction',
    doc: 'Last part of the name of the topic with the records of transactions.',
  },
];

/** How topics are named. */
export const TOPIC_NAMING_OPTIONS: readonly Option[] = namingOptions(
  'schema',
  strategyAliases('Schema', 'Default', 'schema'),
);

/** How topics of tables are named that stand in databases, without schemas. */
export const DATABASE_TOPIC_NAMING_OPTIONS: readonly Option[] = namingOptions('database', {
  schema: 'database',
  ...strategyAliases('Default', 'Schema', 'database'),
});

/** The strategy replaces names by a regular expression. */
export function isRegexNaming(options: ResolvedOptions): boolean {
  return options.string('topic.naming.strategy').endsWith('regex');
}

const PART = /^[A-Za-z0-9._-]{1,100}$/;

export const TOPIC_NAMING_RULES: readonly OptionRule[] = [
  {
    properties: ['topic.delimiter'],
    check: (options) =>
      /^[._-]$/.test(options.string('topic.delimiter')) ? undefined : 'must be one of . _ -',
  },
  {
    properties: ['topic.heartbeat.prefix', 'topic.transaction', 'topic.heartbeat.name'],
    check: (options) => {
      const names = [
        options.string('topic.heartbeat.prefix'),
        options.string('topic.transaction'),
        options.optionalString('topic.heartbeat.name') ?? 'x',
      ];
      return names.every((name) => PART.test(name))
        ? undefined
        : 'topic.transaction and topic.heartbeat.name may have only letters, digits, dot, ' +
            'underscore and hyphen';
    },
  },
  replacementRule('topic.regex', 'topic.replacement', true),
  replacementRule('topic.key.field.regex', 'topic.key.field.replacement', false),
  {
    properties: ['topic.key.field.name'],
    check: (options) =>
      options.string('topic.key.field.name').trim() === '' ? 'must not be empty' : undefined,
  },
];

/** Expression and replacement belong together, and to a strategy that uses them. */
function replacementRule(regex: string, replacement: string, isRequired: boolean): OptionRule {
  return {
    properties: [regex, replacement],
    check: (options) => {
      const given = [regex, replacement].filter((name) => options.has(name));
      if (!isRegexNaming(options)) {
        return given.length === 0 ? undefined : 'needs topic.naming.strategy: regex';
      }
      if (given.length === 1 || (isRequired && given.length === 0)) {
        return `and ${replacement} are both needed`;
      }
      const text = options.optionalString(replacement);
      const pattern = options.optionalPattern(regex);
      if (text === undefined || pattern === undefined) return undefined;
      const stray = strayGroup(pattern, text);
      return stray === null ? undefined : `has no group ${stray}, which ${replacement} names`;
    },
  };
}

/** A group of the replacement that the expression lacks: Java fails when it comes to it. */
function strayGroup(pattern: RegExp, replacement: string): string | null {
  const groups = groupsOf(pattern);
  const plain = replacement.replaceAll(/\\[\s\S]/g, '');
  for (const [, number, name] of plain.matchAll(/\$(?:(\d+)|\{(\w+)\}|)/g)) {
    if (number === undefined && name === undefined) return '$';
    if (name !== undefined && !groups.names.includes(name)) return name;
    // Java takes as many digits as make a group that is there.
    if (number !== undefined && Number(number[0]) > groups.count) return number;
  }
  return null;
}

function groupsOf(pattern: RegExp): { readonly count: number; readonly names: readonly string[] } {
  const found = new RegExp(`${pattern.source}|`, pattern.flags).exec('');
  return { count: (found?.length ?? 1) - 1, names: Object.keys(found?.groups ?? {}) };
}

/** A name by these options, as Java's `matches` and `replaceFirst`; null: it does not match. */
export function replacedName(
  options: ResolvedOptions,
  regex: string,
  replacement: string,
): (name: string) => string | null {
  const pattern = options.optionalPattern(regex);
  const text = javaReplacement(options.optionalString(replacement) ?? '');
  return (name) => (pattern?.test(name) === true ? name.replace(pattern, text) : null);
}

/** Java's `${name}` and `\$`, as JavaScript writes them; `$1` is the same. */
function javaReplacement(text: string): string {
  return text
    .replaceAll(/\\([\s\S])/g, (_, char: string) => (char === '$' ? '$$' : char))
    .replaceAll(/\$\{(\w+)\}/g, '$<$1>');
}
