import path from 'node:path';
import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { answerHold, holdViews } from '../support/held-pipeline.ts';
import {
  loseSlot,
  reconfigure,
  startForgetfulServer,
  untilGapHealed,
} from '../support/lost-slot.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// A table waits in the log of a server that loses it: nothing of the table is lost in silence.

const SCHEMA = `CREATE TABLE items (id int PRIMARY KEY, v text, w text);
  CREATE TABLE others (id int PRIMARY KEY, v text);
  INSERT INTO items VALUES (1, 'one', 'w'), (2, 'two', 'w');
  INSERT INTO others VALUES (1, 'one')`;
const QUESTIONS = [
  'SELECT id, v FROM items ORDER BY id',
  'SELECT id, v FROM others ORDER BY id',
] as const;
const HOLDS = {
  'hold.buffer': 'source',
  'change.policies': [{ classes: 'column_dropped', policy: 'hold' }],
};

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startForgetfulServer());
  const source = stack.use(await postgresFamily(await server.freshDatabase()));
  const folder = stack.use(await temporaryFolder('held-lost'));
  const { sink, ...sqlite } = sqliteFamily(path.join(folder.path, 'copy.db'));
  await source.run(SCHEMA);
  const target = { ...sqlite, sink: { ...sink, 'table.name.format': '${source.table}' } };
  const pipeline = stack.use(await familyPipeline(source, [target]));
  await reconfigure(pipeline.file, {}, { schema: HOLDS });
  const untilEqual = async (): Promise<void> => {
    for (const question of QUESTIONS) {
      const wanted = (await source.rows(question)).map((row) => row.map(String));
      await eventually(() => expect(sqlite.rows(question)).toEqual(wanted));
    }
  };
  /** `items` waits, others go on, and the slot goes with all that waited. */
  const lost = async (): Promise<void> => {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((now) => now.source.phase === 'streaming');
    await untilEqual();
    await source.run('ALTER TABLE items DROP COLUMN w');
    await source.run(`UPDATE items SET v = 'waits' WHERE id = 1; DELETE FROM items WHERE id = 2`);
    await daemon.until(({ source: { held } }) => held.length === 1);
    await source.run(`INSERT INTO items VALUES (3, 'three'); INSERT INTO others VALUES (2, 'two')`);
    const flowed = [
      ['1', 'one'],
      ['2', 'two'],
    ];
    await eventually(() => expect(sqlite.rows(QUESTIONS[1])).toEqual(flowed));
    expect(sqlite.rows(QUESTIONS[0])).toEqual(flowed);
    expect(await daemon.stop()).toBe(0);
    await loseSlot(source);
  };
  return { stack, source, pipeline, untilEqual, lost };
}

test('where gaps are healed it is marked, and the table waits on with us', async () => {
  const { stack, source, pipeline, untilEqual, lost } = await setup();
  await using _ = stack;
  await reconfigure(pipeline.file, {
    'retention.budget.exceeded': 'drop_and_heal',
    'notification.enabled.channels': 'log',
  });
  await lost();
  await using daemon = Daemon.start(pipeline);
  await untilGapHealed(daemon);
  const [view] = await holdViews(pipeline);
  expect(view).toMatchObject({ table: 'public.items', state: 'held', buffer: 'spool' });
  expect(await answerHold(pipeline, 'public.items', 'approve')).toBe(200);
  await untilEqual();
  await source.run(`INSERT INTO items VALUES (4, 'behind')`);
  await untilEqual();
  expect(await holdViews(pipeline)).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});
