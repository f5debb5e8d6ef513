import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming, stopInside } from '../../support/postgres-source.ts';
import type { RecordedEvent } from '../../support/recording-receiver.ts';

const told = (events: readonly RecordedEvent[]): readonly unknown[] =>
  events.map(({ op, table, after, ordinal, transactionId }) => [
    op,
    op === 'm' ? `${table}: ${after?.['content']}` : after?.['id'],
    ordinal,
    transactionId === null,
  ]);

test('messages come in their places, once over restarts (several events on one LSN)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const options = sourceOptionsFor(database, { heartbeatIntervalMs: 20 });
  const first = await startStreaming(options);
  const { receiver } = first;
  await database.query(`SELECT pg_logical_emit_message(false, 'alone', 'one')`);
  await database.query(`
    BEGIN; INSERT INTO a VALUES (1); SELECT pg_logical_emit_message(true, 'inside', 'two');
    SELECT pg_logical_emit_message(false, 'alone', 'early'); INSERT INTO a VALUES (2); COMMIT`);
  await database.query(`BEGIN; SELECT pg_logical_emit_message(true, 'inside', 'no'); ROLLBACK`);
  await receiver.until((events) => events.length === 5);
  await first.stop();
  await database.query(`SELECT pg_logical_emit_message(false, 'alone', 'later')`);
  const second = await startStreaming(options, receiver);
  await receiver.until((events) => events.length === 6);
  await second.stop();
  expect(told(receiver.events)).toEqual([
    ['m', 'alone: one', 0, true],
    ['m', 'alone: early', 0, true],
    ['c', '1', 0, false],
    ['m', 'inside: two', 1, false],
    ['c', '2', 2, false],
    ['m', 'alone: later', 0, true],
  ]);
});

test('a restart in the middle of a transaction counts its messages, filtered or not', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const options = sourceOptionsFor(database, { messageExclude: [/^no$/] });
  const first = await startStreaming(options);
  const { receiver } = first;
  await stopInside(first, 2, () =>
    database.query(`
      BEGIN; INSERT INTO a VALUES (1); SELECT pg_logical_emit_message(true, 'no', 'hidden');
      SELECT pg_logical_emit_message(true, 'yes', 'seen'); INSERT INTO a VALUES (2);
      SELECT pg_logical_emit_message(true, 'yes', 'last'); COMMIT`),
  );
  const second = await startStreaming(options, receiver);
  await receiver.until((events) => events.length === 4);
  await second.stop();
  expect(told(receiver.events)).toEqual([
    ['c', '1', 0, false],
    ['m', 'yes: seen', 2, false],
    ['c', '2', 3, false],
    ['m', 'yes: last', 4, false],
  ]);
});

test('a source of messages only needs no table (no_tables)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const options = sourceOptionsFor(database, {
    publicationAutocreateMode: 'no_tables',
    messageInclude: [/^wanted$/],
  });
  const source = await startStreaming(options);
  await database.query('INSERT INTO a VALUES (1)');
  await database.query(`SELECT pg_logical_emit_message(true, 'other', 'x')`);
  await database.query(`SELECT pg_logical_emit_message(true, 'wanted', 'y')`);
  await source.receiver.until((events) => events.length === 1);
  await source.stop();
  expect(told(source.receiver.events)).toEqual([['m', 'wanted: y', 0, false]]);
  expect(source.receiver.schemas).toEqual([]);
});
