import { expect, test } from 'vitest';
import { AddingPace } from '../../../src/sink/sql/adding-pace.ts';

/** How many times in a row nothing may be tried. */
function restOf(pace: AddingPace, statement: string): number {
  let rest = 0;
  while (!pace.mayTry(statement)) rest++;
  return rest;
}

test('after each refusal a statement rests twice as long, up to a bound; the others do not', () => {
  const pace = new AddingPace();
  expect(restOf(pace, 'a')).toBe(0);
  const rests = Array.from({ length: 11 }, () => {
    pace.refused('a');
    return restOf(pace, 'a');
  });
  expect(rests).toEqual([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096]);
  expect(restOf(pace, 'b')).toBe(0);
});

test('one that is taken begins anew', () => {
  const pace = new AddingPace();
  pace.refused('a');
  pace.refused('a');
  expect(restOf(pace, 'a')).toBe(16);
  pace.done('a');
  pace.refused('a');
  expect(restOf(pace, 'a')).toBe(8);
});

test('what is remembered is bounded', () => {
  const pace = new AddingPace();
  for (let i = 0; i < 5000; i++) pace.refused(`statement ${i}`);
  expect(restOf(pace, 'statement 0')).toBe(0);
  expect(restOf(pace, 'statement 4999')).toBe(8);
});
