import type { ExitCode } from '../foundation/error-policy.ts';
import { type TidemarkError, TidemarkErrors, toTidemarkError } from '../foundation/errors.ts';
import { ConfigErrors } from '../config/resolve-options.ts';
import type { ConsoleOutput } from './console-output.ts';

/** All errors inside whatever was thrown; at least one. */
export function errorsOf(thrown: unknown): readonly TidemarkError[] {
  if (thrown instanceof TidemarkErrors && thrown.errors.length > 0) return thrown.errors;
  return [toTidemarkError(thrown)];
}

/** Configuration first: an environment cannot be judged by a configuration that is wrong. */
export function exitCodeOf(errors: readonly TidemarkError[]): ExitCode {
  const codes = errors.map((error) => error.exitCode);
  if (codes.includes(2)) return 2;
  return codes.includes(3) ? 3 : 1;
}

/** Shows code, cause and cure of each error, numbered if several; returns the exit code. */
export function renderErrors(output: ConsoleOutput, thrown: unknown, json: boolean): ExitCode {
  const errors = errorsOf(thrown);
  const warnings = thrown instanceof ConfigErrors ? thrown.warnings : [];
  if (json) {
    output.json({ errors: errors.map((error) => error.toJSON()), warnings });
    return exitCodeOf(errors);
  }
  for (const warning of warnings) output.warning(warning);
  for (const [index, error] of errors.entries()) {
    const number = errors.length > 1 ? `${index + 1}. ` : '';
    output.note(`${number}${output.errorStyle('red', error.code)}  ${error.message}`);
    // A general cure stands once, behind the last error that has it in common.
    const isRepeated = errors.slice(index + 1).some((later) => later.cure === error.cure);
    if (!isRepeated) {
      output.note(`${' '.repeat(number.length)}${output.errorStyle('dim', 'cure:')} ${error.cure}`);
    }
    if (error.code === 'INTERNAL') output.note(error.stack ?? '');
  }
  const codes = [...new Set(errors.map((error) => error.code))];
  output.note(output.errorStyle('dim', `More: tidemark explain ${codes[0] ?? ''}`));
  return exitCodeOf(errors);
}
