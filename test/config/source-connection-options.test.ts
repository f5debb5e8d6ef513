import { expect, test } from 'vitest';
import { examineOptions } from '../../src/config/resolve-options.ts';
import {
  accountOptions,
  clientKeyRule,
  HOST_RULES,
  hostOptions,
  serverAddresses,
  SESSION_OPTIONS,
  splitStatements,
} from '../../src/config/source-connection-options.ts';

const TABLE = [...hostOptions('5432'), ...accountOptions('Who.'), ...SESSION_OPTIONS];

function examine(input: Record<string, unknown>) {
  return examineOptions(
    TABLE,
    { 'database.hostname': 'h', 'database.user': 'u', ...input },
    { where: 's', providers: { environment: {}, folder: '/' }, rules: HOST_RULES },
  );
}

test.each([
  [{}, ['h:5432']],
  [{ 'database.port': 6000 }, ['h:6000']],
  [{ 'database.hostname': 'a, b', 'database.port': '1,2' }, ['a:1', 'b:2']],
  [{ 'database.hostname': 'a,b,c', 'database.port': '7' }, ['a:7', 'b:7', 'c:7']],
])('%j names %j', (input, expected) => {
  const { options, problems } = examine(input);
  expect(problems).toEqual([]);
  expect(serverAddresses(options).map(({ host, port }) => `${host}:${port}`)).toEqual(expected);
});

test.each([
  [{ 'database.port': '0' }, 'database.port must be 1 to 65535'],
  [{ 'database.port': '65536' }, 'database.port must be 1 to 65535'],
  [{ 'database.port': '5432x' }, 'database.port must be 1 to 65535'],
  [{ 'database.port': '1,2' }, 'database.port names 2 ports for 1 hosts'],
  [{ 'database.hostname': 'a,,b' }, 'database.hostname has an empty part'],
])('%j is refused', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});

test('a key without its certificate is no use, nor the other way around', () => {
  const { check } = clientKeyRule('database.query.timeout.ms', 'database.initial.statements');
  expect(check(examine({}).options)).toContain('belong together');
  expect(check(examine({ 'database.initial.statements': 'x' }).options)).toBeUndefined();
});

test.each([
  ['', []],
  [' SET a = 1 ', ['SET a = 1']],
  ["SET a = 1; SET b = 'x;;y';", ['SET a = 1', "SET b = 'x;y'"]],
])('%j are the statements %j', (text, statements) => {
  expect(splitStatements(text)).toEqual(statements);
});
