import { expect, test } from 'vitest';
import { heldOnPostgres } from '../support/held-pipeline.ts';
import { HeldPlay } from '../support/held-play.ts';

// A breaking change of a table waits while three writers change it and two others without a rest.

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const ROUNDS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? 4);
// As long as so many rounds need on a busy machine.
const timeout = 180_000 + ROUNDS * 60_000;

test('no answer, a new key, and kills wherever they fall', { timeout }, async () => {
  await using pipeline = await heldOnPostgres();
  await using play = await HeldPlay.begin(pipeline, SEED);
  await play.unanswered();
  for (let round = 0; round < ROUNDS; round++) await play.anyRound();
  await play.rekeyed();
  expect(await play.ends()).toBeGreaterThan(1000);
});
