import { expect, inject, test } from 'vitest';
import { startOwnServer } from '../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../support/postgres-source.ts';
import type { RecordingReceiver } from '../../support/recording-receiver.ts';

const ids = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ after }) => after?.['id']);

/**
 * What pg_upgrade leaves, made without the program, which no package of the tests has: the same
 * tables and publication in a cluster of the next major with a system identifier of its own, on
 * timeline 1; and the slot, which is kept from 17 on, made anew at the new cluster's position.
 */
test('a major upgrade (pg_upgrade): refused with its cure, then without loss', async () => {
  const { major } = inject('postgres');
  await using old = await startOwnServer();
  await using before = await old.freshDatabase();
  const tables = 'CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION tidemark FOR TABLE a';
  await before.query(tables);
  const options = sourceOptionsFor(before, { publicationAutocreateMode: 'disabled' });
  const first = await startStreaming(options);
  const { receiver } = first;
  await before.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await first.stop();

  await using upgraded = await startOwnServer({ major: Math.min(major + 1, 18) });
  await using after = await upgraded.freshDatabase();
  await after.query(`${tables}; INSERT INTO a VALUES (1)`);
  const connection = sourceOptionsFor(after).connection;
  const moved = { ...options, connection };
  const trusting = { ...moved, offsetMismatchStrategy: 'trust_slot' } as const;
  const refusal = {
    code: 'PG_SLOT_MISMATCH',
    message: expect.stringMatching(/of the server \d+, this one is \d+/) as string,
    cure: expect.stringContaining('pg_upgrade') as string,
  };
  for (const refused of [moved, trusting]) {
    const source = startSource(refused, receiver);
    await expect(source.ended).rejects.toMatchObject(refusal);
    await source.stop();
  }
  await after.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [before.name]);
  await after.query('INSERT INTO a VALUES (2)');
  const still = startSource(moved, receiver);
  await expect(still.ended).rejects.toMatchObject(refusal);
  await still.stop();

  const second = await startStreaming(trusting, receiver);
  await receiver.until((events) => events.length === 2);
  await second.stop();
  const third = await startStreaming(moved, receiver);
  await after.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 3);
  await third.stop();
  expect(ids(receiver)).toEqual(['1', '2', '3']);
});
