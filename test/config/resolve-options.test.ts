import { describe, expect, test } from 'vitest';
import type { Option } from '../../src/config/option.ts';
import { ConfigErrors, examineOptions, resolveOptions } from '../../src/config/resolve-options.ts';

const TABLE: readonly Option[] = [
  { name: 'host', type: { kind: 'string' }, required: true, doc: 'Host.' },
  { name: 'port', type: { kind: 'int', min: 1, max: 65535 }, default: '5432', doc: 'Port.' },
  { name: 'password', type: { kind: 'int' }, secret: true, doc: 'Secret (a number, to fail).' },
  { name: 'tables', type: { kind: 'regex-list' }, doc: 'Tables.' },
  { name: 'tasks.max', type: { kind: 'string' }, status: 'accepted', reason: 'one task', doc: '' },
  { name: 'mask.<N>.chars', type: { kind: 'string' }, status: 'refused', reason: 'later', doc: '' },
  {
    name: 'mode',
    type: { kind: 'enum', values: ['fast'], refused: { slow: 'not built' } },
    doc: 'Mode.',
  },
];

const providers = { environment: { PORT: 'a secret port' }, folder: '/' };

function problemsOf(input: Record<string, unknown>): string[] {
  const { problems } = examineOptions(TABLE, input, { where: 'source', providers });
  return problems.map((problem) => `${problem.code} ${problem.message}`);
}

describe('resolveOptions', () => {
  test('gives typed values, defaults and warnings', () => {
    const options = resolveOptions(
      TABLE,
      { host: 'h', tables: ['a', 'b,c'], 'tasks.max': 4, prot: 1 },
      'source',
    );
    expect(options.string('host')).toBe('h');
    expect(options.number('port')).toBe(5432);
    expect(options.optionalString('password')).toBeUndefined();
    expect(options.patterns('tables')).toEqual([/^(?:a)$/i, /^(?:b)$/i, /^(?:c)$/i]);
    expect(options.warnings).toEqual([
      'source: tasks.max has no effect: one task',
      'source: prot is not a known property; did you mean port?',
    ]);
  });

  test('throws everything at once, with the warnings', () => {
    const input = { port: 0, mode: 'slow', 'mask.5.chars': 'a', hots: 'x' };
    const thrown = catchErrors(() => resolveOptions(TABLE, input, 'source'));
    expect(thrown.errors.map((error) => `${error.code} ${error.message}`)).toEqual([
      'CONFIG_INVALID source: port: "0" must be 1 to 65535',
      'CONFIG_UNSUPPORTED source: mode: "slow" is not supported: not built',
      'CONFIG_UNSUPPORTED source: mask.5.chars is not supported: later',
      'CONFIG_INVALID source: host is required',
    ]);
    expect(thrown.warnings).toEqual(['source: hots is not a known property; did you mean host?']);
  });
});

describe('examineOptions', () => {
  test('a missing reference names the variable', () => {
    expect(problemsOf({ host: '${env:SHOP_HOST}' })).toEqual([
      'CONFIG_INVALID source: host: the environment variable SHOP_HOST is not set',
    ]);
  });

  test('values of secrets and of providers are never repeated', () => {
    const problems = problemsOf({ host: 'h', password: 'hunter2', port: '${env:PORT}' });
    expect(problems).toEqual([
      'CONFIG_INVALID source: password: the value must be a whole number',
      'CONFIG_INVALID source: port: the value must be a whole number',
    ]);
  });

  test('an empty value is as none', () => {
    expect(problemsOf({ host: '' })).toEqual(['CONFIG_INVALID source: host is required']);
    expect(problemsOf({ host: 'h', port: null })).toEqual([]);
  });

  test.each(['false', false, 'none', '', 0])('%j switches a refused property off', (off) => {
    expect(problemsOf({ host: 'h', 'mask.5.chars': off })).toEqual([]);
  });

  test('maps and misplaced lists are refused', () => {
    expect(problemsOf({ host: { name: 'h' } })[0]).toMatch(/host must be a single value; names/);
    expect(problemsOf({ host: ['h'] })[0]).toMatch(/host must be a single value, not a list/);
  });

  test('places stand behind the problem', () => {
    const placeOf = (name: string): string | undefined =>
      name === 'port' ? 'a.yaml:3' : undefined;
    const context = { where: 'source', providers, placeOf };
    const { problems } = examineOptions(TABLE, { host: 'h', port: 'x' }, context);
    expect(problems[0]?.message).toBe('source: port: "x" must be a whole number (a.yaml:3)');
  });

  test('a rule over several properties is asked only when they are well-formed', () => {
    const rules = [{ properties: ['port', 'host'], check: () => 'clashes with host' }];
    const examine = (port: string): number =>
      examineOptions(TABLE, { host: 'h', port }, { where: 's', providers, rules }).problems.length;
    expect(examine('1')).toBe(1);
    expect(examine('x')).toBe(1);
    const { problems } = examineOptions(TABLE, { host: 'h' }, { where: 's', providers, rules });
    expect(problems[0]?.message).toBe('s: port clashes with host');
  });
});

function catchErrors(action: () => unknown): ConfigErrors {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigErrors) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
