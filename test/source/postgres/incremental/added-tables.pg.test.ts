import { expect, test } from 'vitest';
import type { KnownTables } from '../../../../src/source/incremental/known-tables.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource } from '../../../support/postgres-source.ts';
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
