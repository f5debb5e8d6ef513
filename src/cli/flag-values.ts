import { InvalidArgumentError } from 'commander';
import { parseOptionValue } from '../config/option-value.ts';

/** A flag's number. Throws what commander tells as an error of usage. */
export function wholeNumber(text: string): number {
  const parsed = parseOptionValue({ kind: 'int', min: 1 }, text);
  if (parsed.kind !== 'value') throw new InvalidArgumentError('a whole number from 1 is expected');
  return parsed.value as number;
}

/** A flag's time, such as `20s`, in milliseconds. Throws as `wholeNumber`. */
export function duration(text: string): number {
  const parsed = parseOptionValue({ kind: 'duration', min: 1 }, text);
  if (parsed.kind !== 'value') throw new InvalidArgumentError('a time such as 20s is expected');
  return parsed.value as number;
}
