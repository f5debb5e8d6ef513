import { expect, test } from 'vitest';
import type { KnownTables } from '../../../../src/source/incremental/known-tables.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, untilStreaming } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

class Memory implements KnownTables {
  names: readonly string[] | null = null;

  load(): readonly string[] | null {
    return this.names;
  }

  async store(names: readonly string[]): Promise<void> {
    this.names = names;
    await Promise.resolve();
  }
}

test('an added table is read by itself, once older transactions have ended (P72)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
    CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 30);`);
  const filtered = { publicationAutocreateMode: 'filtered' } as const;
  const only = (names: string): ReturnType<typeof sourceOptionsFor> =>
    sourceOptionsFor(database, {
      ...filtered,
      tableInclude: [new RegExp(`^public\\.(${names})$`)],
    });
  const receiver = new RecordingReceiver();
  const knownTables = new Memory();
  const first = startSource(only('a'), receiver, { knownTables });
  await receiver.until(() => knownTables.names !== null);
  await first.stop();
  expect(knownTables.names).toEqual(['public.a']);

  const open = await database.connect();
  await open.query('BEGIN; INSERT INTO b VALUES (99)');
  const second = startSource(only('a|b'), receiver, { knownTables });
  await expect.poll(() => second.notes.join()).toContain('public.b was not captured before');
  await database.query('INSERT INTO b VALUES (100)');
  await receiver.until((events) => events.some((event) => event.after?.['id'] === '100'));
  expect(receiver.events.filter((event) => event.table === 'b' && event.op === 'r')).toEqual([]);
  await open.query('COMMIT');
  await expect.poll(() => knownTables.names).toEqual(['public.a', 'public.b']);
  await second.stop();
  const ids = receiver.events.filter((e) => e.table === 'b').map((e) => Number(e.after?.['id']));
  const wanted = [...Array.from({ length: 30 }, (_, i) => i + 1), 99, 100];
  expect([...new Set(ids)].toSorted((x, y) => x - y)).toEqual(wanted);
  expect(receiver.events.filter((e) => e.table === 'a' && e.op === 'r')).toHaveLength(1);
  expect(receiver.snapshots).toBe(1);
});

test('a table that was made anew while nobody read is captured again, with a warning', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)');
  const options = sourceOptionsFor(database, { publicationAutocreateMode: 'filtered' });
  const receiver = new RecordingReceiver();
  const knownTables = new Memory();
  const first = startSource(options, receiver, { knownTables });
  await receiver.until(() => knownTables.names !== null);
  await first.stop();
  await database.query('DROP TABLE b; CREATE TABLE b (id bigint PRIMARY KEY)');
  await database.query('INSERT INTO b VALUES (1)');

  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const second = startSource(options, receiver, { knownTables, warn });
  const told = 'the publication did not send public.b before this start';
  await expect.poll(() => warnings.join()).toContain(told);
  await database.query('INSERT INTO b VALUES (2)');
  await receiver.until((events) => events.some((event) => event.after?.['id'] === '2'));
  await second.stop();
  warnings.length = 0;
  const third = startSource(options, receiver, { knownTables, warn });
  await database.query('INSERT INTO b VALUES (3)');
  await receiver.until((events) => events.some((event) => event.after?.['id'] === '3'));
  await third.stop();
  expect(warnings.join()).not.toContain(told);
});

test.for(['initial', 'no_data'] as const)(
  'snapshots that signals ask for wait for older transactions too (P72), snapshot.mode %s',
  async (snapshotMode) => {
    // The stream never brings a delete from before the publication sent the table. A signal's
    // snapshot, read before its commit, brought the row, and nothing took it away again.
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
      CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 30);`);
    const options = (names: string): ReturnType<typeof sourceOptionsFor> =>
      sourceOptionsFor(database, {
        publicationAutocreateMode: 'filtered',
        snapshotMode,
        tableInclude: [new RegExp(`^public\\.(${names})$`)],
      });
    const receiver = new RecordingReceiver();
    const knownTables = new Memory();
    const first = startSource(options('a'), receiver, { knownTables });
    await receiver.until(() => knownTables.names !== null);
    await first.stop();

    const open = await database.connect();
    await open.query('BEGIN; DELETE FROM b WHERE id = 7');
    const second = startSource(options('a|b'), receiver, { knownTables });
    await untilStreaming(second.reader);
    for (const [id, type] of [
      ['one', {}],
      ['two', { type: 'blocking' }],
    ] as const) {
      const data = JSON.stringify({ 'data-collections': ['public.b'], ...type });
      second.reader.signal({ id, type: 'execute-snapshot', data });
    }
    await database.query('INSERT INTO a VALUES (2); INSERT INTO b VALUES (100)');
    await receiver.until((events) => events.some((event) => event.after?.['id'] === '100'));
    await second.stop();
    // A restart knows of it as well.
    const third = startSource(options('a|b'), receiver, { knownTables });
    await database.query('INSERT INTO b VALUES (101)');
    await receiver.until((events) => events.some((event) => event.after?.['id'] === '101'));
    const read = (): readonly (string | null | undefined)[] =>
      receiver.events.filter((e) => e.table === 'b' && e.op === 'r').map((e) => e.after?.['id']);
    expect(read()).toEqual([]);
    await open.query('COMMIT');
    const told = (text: string): boolean => [...second.notes, ...third.notes].join().includes(text);
    await expect
      .poll(() => told('the incremental snapshot one of public.b is complete'))
      .toBe(true);
    await expect.poll(() => told('the blocking snapshot two is complete')).toBe(true);
    await expect.poll(() => knownTables.names).toEqual(['public.a', 'public.b']);
    await third.stop();
    expect(new Set(read()).size).toBe(31);
    expect(read()).not.toContain('7');
  },
);
