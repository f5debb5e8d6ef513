import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { SourceOffset } from '../../../../src/model/change-event.ts';
import type { ChosenPosition } from '../../../../src/source/mysql/capture/chosen-position.ts';
import { movedOffset } from '../../../../src/source/mysql/capture/moved-offset.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import type { ReaderState } from '../../../support/mysql-reader-run.ts';
import { newReaderState, startReader } from '../../../support/mysql-reader-run.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';

const { signal } = new AbortController();

/** A table that was read, changed and read on. */
async function readTable() {
  const database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const read = async (rows: number, sql: string): Promise<SourceOffset> => {
    await using run = startReader(options, state);
    await expect.poll(() => run.reader.status().phase).toBe('streaming');
    await database.query(sql);
    await run.until(rows);
    state.offset = await run.stop();
    return state.offset;
  };
  const first = await read(1, 'INSERT INTO t VALUES (1)');
  await read(2, 'INSERT INTO t VALUES (2); ALTER TABLE t ADD v INT; INSERT INTO t VALUES (3, 3)');
  const move = async (
    chosen: ChosenPosition,
    change: Partial<typeof options> = {},
    found: SourceOffset | null = state.offset,
  ) =>
    await movedOffset(
      {
        options: { ...options, ...change },
        pipeline: `other-${database.name}`,
        found,
        history: state.history,
        chosen,
        mayRun: false,
      },
      signal,
      systemClock,
    );
  return { database, options, state, first, move };
}

function placeOf({ offset }: SourceOffset): ChosenPosition {
  return typeof offset['gtids'] === 'string' && offset['gtids'] !== ''
    ? { kind: 'gtids', gtids: offset['gtids'] }
    : { kind: 'place', file: String(offset['file']), pos: Number(offset['pos']) };
}

async function followed(
  options: Parameters<typeof startReader>[0],
  { history }: ReaderState,
  offset: SourceOffset,
): Promise<readonly string[]> {
  const state = { history, offset };
  await using run = startReader(options, state);
  await run.until(2);
  const { told } = run;
  await run.stop();
  return told;
}

test('back to a place: what came behind it comes again, in the shapes of then', async () => {
  const { database, options, state, first, move } = await readTable();
  await using _database = database;
  const { file, pos } = first.offset;
  const chosen = [placeOf(first), { kind: 'place', file: String(file), pos: Number(pos) } as const];
  for (const goal of chosen) {
    const { offset } = await move(goal);
    expect(Object.keys(offset.offset).join()).not.toContain('tidemark');
    expect(await followed(options, state, offset)).toEqual(['c t 2', 'c t 3|3']);
  }
});

test('forward only with the shapes of now, because nobody has read the statements', async () => {
  const { database, options, move } = await readTable();
  await using _database = database;
  await database.query('ALTER TABLE t ADD w INT; INSERT INTO t VALUES (4, 4, 4)');
  await expect(move({ kind: 'end' })).rejects.toMatchObject({ code: 'MYSQL_HISTORY_LOST' });
  const history = { ...options.history, recoversLost: true };
  const { notes } = await move({ kind: 'end' }, { history });
  expect(notes.join()).toContain('snapshot.mode is recovery');
  // One that never ran has no history at all.
  const none = newReaderState();
  expect(none.offset).toBeNull();
});

test('before the first statement of the history nothing is known', async () => {
  const { database, move } = await readTable();
  await using _database = database;
  const [row] = await database.query<{ Log_name: string }>('SHOW BINARY LOGS');
  const goal = { kind: 'place', file: row?.Log_name ?? '', pos: 4 } as const;
  await expect(move(goal)).rejects.toMatchObject({
    code: 'MYSQL_HISTORY_LOST',
    message: expect.stringContaining('from before the position') as unknown,
  });
});
