import { expect, test } from 'vitest';
import { heldOnBinlog } from '../support/held-pipeline.ts';
import { HeldPlay } from '../support/held-play.ts';
import { sharedMysql } from '../support/mysql-database.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);

test('killed at each point of a gate, approved, rejected: each change once, in order', async () => {
  await using pipeline = await heldOnBinlog(sharedMysql());
  await using play = await HeldPlay.begin(pipeline, SEED);
  await play.approvedOverKills();
  await play.rejectedAndUndone('retyped');
  expect(await play.ends()).toBeGreaterThan(1000);
});
