import { expect, test } from 'vitest';
import { mysqlShapingOptions } from '../../src/config/mysql-shaping-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

const MAKER = 'sourceinfo.struct.maker';

function examine(family: 'mysql' | 'mariadb', input: Record<string, unknown>) {
  return examineOptions(mysqlShapingOptions(family), input, {
    where: 's',
    providers: { environment: {}, folder: '/' },
  });
}

test('values are told exactly, or not at all', () => {
  const { options, problems } = examine('mysql', {});
  expect(problems).toEqual([]);
  expect(options.string('bigint.unsigned.handling.mode')).toBe('long');
  expect(options.string('zero.date.handling.mode')).toBe('fail');
  expect(options.string('tinyint.one.handling.mode')).toBe('number');
  expect(options.string('event.converting.failure.handling.mode')).toBe('fail');
});

test('adaptive is no form of times here', () => {
  const { problems } = examine('mysql', { 'time.precision.mode': 'adaptive' });
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('use adaptive_time_microseconds'),
  ]);
});

test('each family knows the class of its own source block', () => {
  const ofMysql = { [MAKER]: 'io.debezium.connector.mysql.MySqlSourceInfoStructMaker' };
  expect(examine('mysql', ofMysql).problems).toEqual([]);
  expect(examine('mariadb', ofMysql).problems).toHaveLength(1);
});

// As io.debezium.schema of 3.6 names the topic of db.t: with Schema… pre.t, with Default… pre.db.t.
test.each([
  ['DefaultTopicNamingStrategy', 'database'],
  ['SchemaTopicNamingStrategy', 'table'],
  ['DefaultUnicodeTopicNamingStrategy', 'unicode'],
  ['SchemaUnicodeTopicNamingStrategy', 'table_unicode'],
  ['DefaultRegexTopicNamingStrategy', 'regex'],
  ['SchemaRegexTopicNamingStrategy', 'table_regex'],
])('%s is %s', (name, value) => {
  const { options } = examine('mariadb', { 'topic.naming.strategy': `io.debezium.schema.${name}` });
  expect(options.string('topic.naming.strategy')).toBe(value);
});
