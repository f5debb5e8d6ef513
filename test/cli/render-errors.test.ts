import { describe, expect, test } from 'vitest';
import { ConsoleOutput } from '../../src/cli/console-output.ts';
import { exitCodeOf, renderErrors } from '../../src/cli/render-errors.ts';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { TidemarkError, TidemarkErrors } from '../../src/foundation/errors.ts';

function render(thrown: unknown, json = false): { code: number; out: string; err: string } {
  const texts = { out: '', err: '' };
  const output = new ConsoleOutput(
    { write: (text) => (texts.out += text) },
    { write: (text) => (texts.err += text) },
    {},
  );
  const code = renderErrors(output, thrown, json);
  return { code, ...texts };
}

const auth = new TidemarkError('PG_AUTH', 'password refused', { cure: 'Mend it.' });
const invalid = new TidemarkError('CONFIG_INVALID', 'port is wrong', { cure: 'Mend it.' });

describe('renderErrors', () => {
  test('code, cause and cure of one error', () => {
    expect(render(auth)).toEqual({
      code: 3,
      out: '',
      err: 'PG_AUTH  password refused\ncure: Mend it.\nMore: tidemark explain PG_AUTH\n',
    });
  });

  test('several are numbered, warnings come first, a cure in common stands once', () => {
    const { code, err } = render(new ConfigErrors([invalid, auth], ['odd']));
    expect(code).toBe(2);
    expect(err).toBe(
      'warning: odd\n1. CONFIG_INVALID  port is wrong\n2. PG_AUTH  password refused\n' +
        '   cure: Mend it.\nMore: tidemark explain CONFIG_INVALID\n',
    );
  });

  test('what is no error of ours is a defect, with its stack', () => {
    const { code, err } = render(new RangeError('oops'));
    expect(code).toBe(1);
    expect(err).toMatch(/^INTERNAL {2}oops\ncure: .*\n.*Error: oops\n {4}at /);
  });

  test('for programs: one document on standard output', () => {
    const { out, err } = render(new TidemarkErrors([auth]), true);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      errors: [{ code: 'PG_AUTH', message: 'password refused', cure: 'Mend it.' }],
      warnings: [],
    });
  });
});

test('configuration decides the exit code, then the environment', () => {
  const internal = new TidemarkError('INTERNAL', 'x');
  expect(exitCodeOf([auth, invalid])).toBe(2);
  expect(exitCodeOf([internal, auth])).toBe(3);
  expect(exitCodeOf([internal])).toBe(1);
});
