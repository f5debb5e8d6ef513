import { expect, test } from 'vitest';
import { heldOnBinlog } from '../support/held-pipeline.ts';
import { HeldPlay } from '../support/held-play.ts';
import { lateOverKills, lenientOverKills, rejectedOverKills } from '../support/held-policies.ts';
import { sharedMysql } from '../support/mysql-database.ts';

// A table changes its shape while three writers change it and two others without a rest, and the
// daemon is killed at each point of its gate.

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const TIMEOUT = { timeout: 400_000 };
const BUFFERS = ['spool', 'source'];

test.each(BUFFERS)(
  'approved, rejected, or nobody says it in time (%s)',
  TIMEOUT,
  async (buffer) => {
    await using pipeline = await heldOnBinlog(sharedMysql());
    await using play = await HeldPlay.begin(pipeline, SEED, { 'hold.buffer': buffer });
    await play.approvedOverKills();
    await rejectedOverKills(play);
    await lateOverKills(play, 'approve');
    await lateOverKills(play, 'reject');
    expect(await play.ends()).toBeGreaterThan(1000);
  },
);

test.each(BUFFERS)('lenient: nothing waits but for a value (%s)', TIMEOUT, async (buffer) => {
  await using pipeline = await heldOnBinlog(sharedMysql());
  await using play = await HeldPlay.begin(pipeline, SEED, { 'hold.buffer': buffer });
  await lenientOverKills(play);
  expect(await play.ends()).toBeGreaterThan(500);
});
