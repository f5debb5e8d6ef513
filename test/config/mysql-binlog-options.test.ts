import { expect, test } from 'vitest';
import { MYSQL_BINLOG_OPTIONS, MYSQL_BINLOG_RULES } from '../../src/config/mysql-binlog-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function examine(input: Record<string, unknown>) {
  return examineOptions(MYSQL_BINLOG_OPTIONS, input, {
    where: 's',
    providers: { environment: {}, folder: '/' },
    rules: MYSQL_BINLOG_RULES,
  });
}

test('sources of GTIDs are whole names, UUIDs or domains', () => {
  const { options } = examine({ 'gtid.source.includes': '3E11FA47-.*, 0-1' });
  expect(options.patterns('gtid.source.includes')).toEqual([/^(?:3E11FA47-.*)$/i, /^(?:0-1)$/i]);
  expect(options.boolean('gtid.source.filter.dml.events')).toBe(true);
});

test.each([
  [{ 'gtid.source.includes': 'a', 'gtid.source.excludes': 'b' }, 'exclude each other'],
  [{ 'inconsistent.schema.handling.mode': 'skip' }, 'silent loss'],
  [{ 'inconsistent.schema.handling.mode': 'warn' }, 'silent loss'],
  [{ 'event.deserialization.failure.handling.mode': 'ignore' }, 'silent loss'],
  [{ 'event.processing.failure.handling.mode': 'warn' }, 'silent loss'],
  [{ 'table.ignore.builtin': 'false' }, 'system databases are never captured'],
])('%j is refused', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});

test.each(['binlog.buffer.size', 'ddl.parser.type', 'min.row.count.to.stream.results'])(
  '%s has no effect',
  (name) => {
    const { options, problems } = examine({ [name]: '1' });
    expect(problems).toEqual([]);
    expect(options.warnings).toEqual([expect.stringContaining(`${name} has no effect`)]);
  },
);
