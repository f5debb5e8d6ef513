import { expect, test } from 'vitest';
import { heldOnPostgres } from '../support/held-pipeline.ts';
import { HeldPlay } from '../support/held-play.ts';

// A breaking change of a table waits while three writers change it and two others without a rest.

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);

test('killed at each point of a gate, approved, rejected: each change once, in order', async () => {
  await using pipeline = await heldOnPostgres();
  await using play = await HeldPlay.begin(pipeline, SEED);
  await play.approvedOverKills();
  await play.rejectedAndUndone('retyped');
  expect(await play.ends()).toBeGreaterThan(1000);
});
