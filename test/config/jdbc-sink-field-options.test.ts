import { expect, test } from 'vitest';
import {
  FIELD_LIST_RULES,
  FIELD_WHITELIST_RULES,
  sinkZone,
  TIME_RULES,
  USE_TIME_ZONE_RULES,
} from '../../src/config/jdbc-sink-field-options.ts';
import {
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_OPTIONS,
} from '../../src/config/jdbc-sink-options.ts';
import type { Option } from '../../src/config/option.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

test.each([
  [undefined, []],
  ['UTC', []],
  ['Etc/UTC', []],
  ['+00:00', []],
  ['Europe/Berlin', []],
  ['Mars/Crater', [expect.stringContaining('use.time.zone names no time zone: Mars/Crater')]],
])('use.time.zone %s', (zone, wanted) => {
  const given = {
    name: 's',
    'connector.class': 'x',
    'connection.url': 'postgres://h/d',
    ...(zone === undefined ? {} : { 'use.time.zone': zone }),
  };
  const { problems } = examineOptions(DEBEZIUM_JDBC_SINK_OPTIONS, given, {
    where: 's',
    rules: USE_TIME_ZONE_RULES,
    providers: { environment: {}, folder: '/' },
  });
  expect(problems.map(({ message }) => message)).toEqual(wanted);
});

const RULES = [...FIELD_LIST_RULES, ...FIELD_WHITELIST_RULES, ...TIME_RULES];

function problemsOf(input: Record<string, unknown>): string[] {
  const given = { name: 's', 'connector.class': 'x', 'connection.url': 'postgres://h/d', ...input };
  const providers = { environment: {}, folder: '/' };
  const { problems } = examineOptions(JDBC_SINK_OPTIONS, given, {
    where: 's',
    rules: RULES,
    providers,
  });
  return problems.map(({ message }) => message);
}

test('each class has its lists, ours all of them', () => {
  const namesOf = (options: readonly Option[]): string[] =>
    options.map(({ name }) => name).filter((name) => /^fields?\.\w+/.test(name));
  expect(namesOf(JDBC_SINK_OPTIONS)).toEqual([
    'fields.whitelist',
    'field.include.list',
    'field.exclude.list',
  ]);
  expect(namesOf(CONFLUENT_JDBC_SINK_OPTIONS)).toEqual(['fields.whitelist']);
  expect(namesOf(DEBEZIUM_JDBC_SINK_OPTIONS)).toEqual(['field.include.list', 'field.exclude.list']);
});

test.each([
  [{ 'field.include.list': 'a, t.x:b' }],
  [{ 'field.exclude.list': ['a', 't.x:b'] }],
  [{ 'fields.whitelist': 'a:b:c' }],
  [{ 'field.include.list': '', 'field.exclude.list': 'a' }],
])('%j is well-formed', (input) => {
  expect(problemsOf(input)).toEqual([]);
});

test.each([
  [
    { 'field.include.list': 'a', 'field.exclude.list': 'b' },
    'field.include.list and field.exclude.list exclude each other',
  ],
  [
    { 'field.exclude.list': 'a', 'fields.whitelist': 'b' },
    'field.exclude.list and fields.whitelist exclude each other',
  ],
  [{ 'field.include.list': 'a:b:c' }, 'neither field nor topic:field: a:b:c'],
  [{ 'field.exclude.list': 'a,:b' }, 'neither field nor topic:field: :b'],
])('%j', (input, message) => {
  expect(problemsOf(input)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ['UTC', null],
  ['Z', null],
  ['Etc/UTC', null],
  ['+00:00', null],
  ['UTC+2', 7200],
  ['Europe/Berlin', 3600],
])('%s is %s seconds ahead', (text, ahead) => {
  expect(sinkZone(text)?.offsetAt(0) ?? null).toBe(ahead);
  expect(problemsOf({ 'db.timezone': text })).toEqual([]);
});

test('a zone that there is not is refused', () => {
  expect(problemsOf({ 'db.timezone': 'Europe/Nowhere' })).toEqual([
    expect.stringContaining('db.timezone names no time zone: Europe/Nowhere'),
  ]);
});
