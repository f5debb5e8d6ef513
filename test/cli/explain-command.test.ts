import { describe, expect, test } from 'vitest';
import { ConsoleOutput } from '../../src/cli/console-output.ts';
import { explainCommand } from '../../src/cli/explain-command.ts';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';

function explain(code: string | undefined, json = false): string {
  let text = '';
  const stream = { write: (part: string) => (text += part) };
  explainCommand(code, { json }, new ConsoleOutput(stream, stream, {}));
  return text;
}

describe('explain', () => {
  test.each(Object.keys(ERROR_TABLE))('%s', (code) => {
    const text = explain(code);
    const { meaning, cure, exitCode } = ERROR_TABLE[code as keyof typeof ERROR_TABLE];
    expect(text).toContain(meaning);
    expect(text).toContain(`What to do: ${cure}`);
    expect(text).toContain(`Exit code ${exitCode} (`);
  });

  test('takes a code as people type it', () => {
    expect(explain('pg-slot-in-use')).toContain('PG_SLOT_IN_USE: ');
  });

  test('a code that is not there comes with the nearest', () => {
    expect(() => explain('PG_SLOT_INUSE')).toThrow(
      expect.objectContaining({ code: 'USAGE', cure: 'Did you mean PG_SLOT_IN_USE?' }),
    );
    expect(() => explain('XYZZY')).toThrow(TidemarkError);
  });

  test('all codes, without one', () => {
    const lines = explain(undefined).trimEnd().split('\n');
    expect(lines).toHaveLength(Object.keys(ERROR_TABLE).length + 1);
    expect(JSON.parse(explain(undefined, true))).toHaveLength(Object.keys(ERROR_TABLE).length);
  });

  test('JSON has the policy', () => {
    expect(JSON.parse(explain('STORE_FULL', true))).toMatchObject({
      code: 'STORE_FULL',
      retry: 'backoff',
      exitCode: 1,
      httpStatus: 507,
    });
  });
});
