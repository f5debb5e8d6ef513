import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import {
  dropLeftovers,
  noteLeft,
  SCRATCH_PREFIX,
  scratchError,
  scratchName,
} from '../../src/source/scratch-copies.ts';

test('each run has a name of its own', () => {
  const names = Array.from({ length: 100 }, scratchName);
  expect(new Set(names).size).toBe(100);
  expect(names.every((name) => /^\w{29}$/.test(name) && name.startsWith(SCRATCH_PREFIX))).toBe(
    true,
  );
});

test('one that cannot be dropped is told, and keeps none of the others', async () => {
  const notes: string[] = [];
  const dropped: string[] = [];
  const drop = async (name: string): Promise<void> => {
    if (name === 'b') throw new Error('in use');
    dropped.push(await Promise.resolve(name));
  };
  await dropLeftovers(['a', 'b', 'c'], drop, (text) => notes.push(text));
  noteLeft('d', new Error('gone'), (text) => notes.push(text));
  expect(dropped).toEqual(['a', 'c']);
  expect(notes).toEqual([
    'a, which a run that was killed had left, was dropped',
    'b was left by another run, and stays: in use',
    'c, which a run that was killed had left, was dropped',
    'd is left there, for the next run: gone',
  ]);
});

test('a cure stands beside the errors that it is for', () => {
  const denied = new TidemarkError('PG_PERMISSION', 'denied');
  const cured = scratchError(denied, { PG_PERMISSION: 'Grant it.' });
  expect(cured).toMatchObject({ code: 'MIGRATION_SCRATCH', cause: denied, cure: 'Grant it.' });
  expect(cured.message).toBe('a database for the copy cannot be made: denied');
  expect(scratchError(denied, {}).cure).not.toBe('Grant it.');
});
