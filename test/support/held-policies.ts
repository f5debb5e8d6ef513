import { answerHold, holdViews } from './held-pipeline.ts';
import type { HeldPlay } from './held-play.ts';

// What policies and deadlines do with a table under load, by a daemon that dies at each of their
// fault points.

/** Rejected, and killed before it waits, while it goes out, and when it has. */
export async function rejectedOverKills(play: HeldPlay): Promise<void> {
  let before = '';
  await play.diesAt(['gate.hold-stored'], async () => {
    before = await play.change('dropped');
  });
  const held = { id: await play.held(), before };
  await play.waits(held);
  await play.diesAt(['gate.releasing', 'gate.released'], () => play.answer(held.id, 'reject'));
  await play.untilOldShape();
  await play.flows();
  await play.untilNewer();
  await play.undo('dropped');
  await play.untilOwnShape();
}

/** Nobody answers, and each time that the deadline comes the daemon is killed of it. */
export async function lateOverKills(play: HeldPlay, action: 'approve' | 'reject'): Promise<void> {
  await play.governed({ 'hold.deadline': '2s', 'hold.deadline.action': action });
  await play.diesAt(['gate.hold-stored', 'gate.releasing', 'gate.released'], () =>
    play.change('dropped'),
  );
  await (action === 'approve' ? play.untilOpen() : play.untilOldShape());
  await play.flows();
  await play.undo('dropped');
  await play.untilOwnShape();
  await play.governed({});
}

const LENIENT = { 'change.policies': [{ tables: '.*[.]items', policy: 'lenient' }] };

/**
 * No change is followed and nothing waits, whatever is dropped, added or retyped; in front of a
 * value that the old shape does not take the table waits, and goes on in its own.
 */
export async function lenientOverKills(play: HeldPlay): Promise<void> {
  const { pipeline } = play;
  const { warehouse } = pipeline;
  await play.governed(LENIENT);
  await play.change('dropped');
  await play.untilOldShape();
  await play.kill();
  await play.untilNewer();
  await pipeline.change('ALTER TABLE items ADD COLUMN x int');
  await play.kill();
  await play.untilNewer();
  await play.change('retyped');
  await play.kill();
  await play.untilNewer();
  await play.untilOldShape();
  const [row] = (await warehouse.query<{ v: unknown }>('SELECT * FROM items')).rows;
  play.insist(typeof row?.v === 'number', `v is a number there: ${JSON.stringify(row)}`);
  play.insist(row !== undefined && 'w' in row && !('x' in row), 'w is there, and x is not');
  await play.back('retyped');
  await play.untilNewer();
  if (!pipeline.isFile) await untilUnfit(play);
}

/** A value comes that the old shape does not take: the table waits, then has its own shape. */
async function untilUnfit(play: HeldPlay): Promise<void> {
  const { pipeline, load } = play;
  const { isPostgres, warehouse } = pipeline;
  const text = "varchar(20) NOT NULL DEFAULT '0'";
  const type = isPostgres ? 'ALTER part TYPE varchar(20)' : `MODIFY part ${text}`;
  await pipeline.change(`ALTER TABLE items ${type}`);
  await play.untilNewer();
  let before = '';
  await play.diesAt(['gate.hold-stored'], async () => {
    load.inserted('items', { id: -1, v: 7 });
    before = await pipeline.change("INSERT INTO items (id, v, part) VALUES (-1, 7, 'one')");
  });
  const held = { id: await play.held(), before };
  await play.waits(held);
  const [view] = await holdViews(pipeline);
  play.insist(view?.reason?.includes('a value of part') === true, `why: ${view?.reason}`);
  play.insist((await answerHold(pipeline, held.id, 'reject')) !== 200, 'it cannot be rejected');
  await warehouse.query(`ALTER TABLE items ${type}`);
  await allowed(play, view?.topic ?? '');
  await play.diesAt(['gate.releasing', 'gate.released'], () => play.answer(held.id, 'approve'));
  await play.untilOpen();
  await play.untilNewer();
}

/** The registry takes whatever comes for the topic. */
async function allowed(play: HeldPlay, topic: string): Promise<void> {
  const url = `http://127.0.0.1:${play.pipeline.port}/config/${topic}-value`;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ compatibility: 'NONE' });
  const { status } = await fetch(url, { method: 'PUT', headers, body });
  play.insist(status === 200, `compatibility NONE, answered with ${status}`);
}
