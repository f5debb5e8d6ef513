import { describe, expect, test } from 'vitest';
import { examineOptions } from '../../src/config/resolve-options.ts';
import {
  isRegexNaming,
  replacedName,
  TOPIC_NAMING_OPTIONS,
  TOPIC_NAMING_RULES,
} from '../../src/config/topic-naming-options.ts';

function examine(input: Readonly<Record<string, unknown>>) {
  return examineOptions(TOPIC_NAMING_OPTIONS, input, {
    where: 'source',
    providers: { environment: {}, folder: '/' },
    rules: TOPIC_NAMING_RULES,
  });
}

describe('strategies', () => {
  test.each([
    ['SchemaTopicNamingStrategy', 'schema'],
    ['DefaultTopicNamingStrategy', 'table'],
    ['SchemaUnicodeTopicNamingStrategy', 'unicode'],
    ['DefaultUnicodeTopicNamingStrategy', 'table_unicode'],
  ])('%s', (name, value) => {
    const { options, problems } = examine({
      'topic.naming.strategy': `io.debezium.schema.${name}`,
    });
    expect(problems).toEqual([]);
    expect(options.string('topic.naming.strategy')).toBe(value);
    expect(isRegexNaming(options)).toBe(false);
  });

  test.each(['SchemaRegexTopicNamingStrategy', 'DefaultRegexTopicNamingStrategy'])('%s', (name) => {
    const { options, problems } = examine({
      'topic.naming.strategy': `io.debezium.schema.${name}`,
      'topic.regex': '(.*)_\\d+',
      'topic.replacement': '$1',
    });
    expect(problems).toEqual([]);
    expect(isRegexNaming(options)).toBe(true);
    expect(options.boolean('topic.key.enforce.uniqueness')).toBe(true);
    expect(options.string('topic.key.field.name')).toBe('__dbz__physicalTableIdentifier');
  });
});

test.each<[string, string, string, string | null]>([
  ['(.*)_\\d+', '$1', 'shop.a.orders_12', 'shop.a.orders'],
  ['(.*)_\\d+', '$1', 'shop.a.orders', null],
  ['(?<schema>\\w+)\\.(?<t>\\w+)', '${t}-${schema}', 'a.b', 'b-a'],
  ['a(.)(.)', '\\$$2$1', 'axy', '$yx'],
  ['A.*', 'x', 'abc', null],
])('%s with %s: %s', (regex, replacement, name, renamed) => {
  const { options, problems } = examine({
    'topic.naming.strategy': 'regex',
    'topic.regex': regex,
    'topic.replacement': replacement,
  });
  expect(problems).toEqual([]);
  expect(replacedName(options, 'topic.regex', 'topic.replacement')(name)).toBe(renamed);
});

describe('refused', () => {
  const regex = { 'topic.naming.strategy': 'regex' };
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no expression', regex, 'topic.regex and topic.replacement are both needed'],
    ['no replacement', { ...regex, 'topic.regex': 'a' }, 'are both needed'],
    ['an expression for nobody', { 'topic.regex': 'a' }, 'needs topic.naming.strategy: regex'],
    [
      'half an identifier',
      {
        ...regex,
        'topic.regex': 'a',
        'topic.replacement': 'b',
        'topic.key.field.regex': 'a',
      },
      'topic.key.field.regex and topic.key.field.replacement are both needed',
    ],
    [
      'a group that is not there',
      { ...regex, 'topic.regex': '(a)', 'topic.replacement': '$2' },
      'has no group 2',
    ],
    [
      'a name that is not there',
      { ...regex, 'topic.regex': '(?<x>a)', 'topic.replacement': '${y}' },
      'has no group y',
    ],
    [
      'a bare dollar',
      { ...regex, 'topic.regex': 'a', 'topic.replacement': 'US$' },
      'has no group $',
    ],
    ['a delimiter that Kafka forbids', { 'topic.delimiter': '/' }, 'must be one of . _ -'],
    ['a topic that Kafka forbids', { 'topic.heartbeat.name': 'a b' }, 'may have only letters'],
  ])('%s', (_, input, message) => {
    expect(examine(input).problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining(message),
    ]);
  });
});
