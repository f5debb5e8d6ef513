import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import {
  createSlot,
  createSlotCommand,
  dropSlot,
  identifySystem,
  readSlot,
} from '../../../../src/source/postgres/capture/postgres-slot.ts';
import type { SlotWish } from '../../../../src/source/postgres/capture/postgres-slot.ts';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';
import { rejection } from '../../../support/snapshot-run.ts';

const { signal } = new AbortController();

async function connect(database: TestDatabase, replication: boolean): Promise<PostgresWire> {
  const session = { replication, applicationName: 'test' };
  return await PostgresWire.connect(connectionTo(database), session, signal);
}

function wishFor(database: TestDatabase, more: Partial<SlotWish> = {}): SlotWish {
  return {
    name: database.name,
    version: database.major * 10_000,
    exportSnapshot: true,
    temporary: false,
    failover: false,
    timeoutMs: 20_000,
    ...more,
  };
}

/** A transaction that has written and stays open. */
async function openWriter(database: TestDatabase): Promise<pg.Client> {
  const { host, port, user, password, name } = database;
  const client = new pg.Client({ host, port, user, password, database: name });
  await client.connect();
  await client.query(`SET application_name = 'the slow report'; BEGIN; SELECT txid_current()`);
  return client;
}

describe('createSlot', () => {
  test('exports a snapshot of exactly its consistent point', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int); INSERT INTO a VALUES (1)');
    await using control = await connect(database, false);
    await using replication = await connect(database, true);
    const environment = { clock: systemClock, signal, note: () => undefined };
    const slot = await createSlot({ replication, control }, wishFor(database), environment);
    await database.query('INSERT INTO a VALUES (2)');
    await control.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await control.query(`SET TRANSACTION SNAPSHOT '${slot.snapshotName}'`);
    const [result] = await control.query('SELECT id FROM a');
    expect(result?.rows).toEqual([['1']]);
    const state = await readSlot(control, database.name);
    expect(state).toMatchObject({ plugin: 'pgoutput', database: database.name, activePid: null });
  });

  test('says who holds it up, gives up in time and leaves no slot', async () => {
    await using database = await freshDatabase();
    const writer = await openWriter(database);
    await using control = await connect(database, false);
    await using replication = await connect(database, true);
    const notes: string[] = [];
    const environment = { clock: systemClock, signal, note: (text: string) => notes.push(text) };
    const wish = wishFor(database, { timeoutMs: 300 });
    const error = await rejection(createSlot({ replication, control }, wish, environment));
    const [row] = (await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    expect(error.code).toBe('PG_SLOT_BLOCKED');
    expect(error.message).toContain(`pid ${row?.pid}`);
    expect(error.message).toContain('the slow report');
    expect(error.cure).toContain(`pg_terminate_backend(${row?.pid})`);
    expect(notes.join()).toContain('waits for open transactions');
    expect(await readSlot(control, database.name)).toBeNull();
    await writer.end();
  });

  test('goes on as soon as the open transaction ends', async () => {
    await using database = await freshDatabase();
    const writer = await openWriter(database);
    await using control = await connect(database, false);
    await using replication = await connect(database, true);
    const noted = Promise.withResolvers<void>();
    const environment = {
      clock: systemClock,
      signal,
      note: () => {
        noted.resolve();
      },
    };
    const creation = createSlot({ replication, control }, wishFor(database), environment);
    await noted.promise;
    await writer.query('COMMIT');
    expect((await creation).snapshotName).not.toBe('');
    await writer.end();
  });

  test('abort while it waits leaves no slot behind', async () => {
    await using database = await freshDatabase();
    const writer = await openWriter(database);
    await using control = await connect(database, false);
    const replication = await connect(database, true);
    const abort = new AbortController();
    const creation = createSlot({ replication, control }, wishFor(database), {
      clock: systemClock,
      signal: abort.signal,
      note: () => undefined,
    });
    creation.catch(() => undefined);
    await database.until(
      `SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%'
          AND datname = current_database()`,
    );
    abort.abort();
    await expect(creation).rejects.toThrow();
    await writer.end();
    await database.until(
      `SELECT count(*) = 0 FROM pg_replication_slots WHERE slot_name = '${database.name}'`,
    );
  });

  test('one that exists is refused with the statement that drops it', async () => {
    await using database = await freshDatabase();
    await using control = await connect(database, false);
    await using replication = await connect(database, true);
    const environment = { clock: systemClock, signal, note: () => undefined };
    const wish = wishFor(database, { exportSnapshot: false });
    await createSlot({ replication, control }, wish, environment);
    const error = await rejection(createSlot({ replication, control }, wish, environment));
    expect(error.code).toBe('PG_SLOT_MISMATCH');
    expect(error.cure).toContain(`pg_drop_replication_slot('${database.name}')`);
  });

  test('a temporary slot goes with its connection', async () => {
    await using database = await freshDatabase();
    await using control = await connect(database, false);
    const replication = await connect(database, true);
    const environment = { clock: systemClock, signal, note: () => undefined };
    await createSlot({ replication, control }, wishFor(database, { temporary: true }), environment);
    expect((await readSlot(control, database.name))?.temporary).toBe(true);
    await replication.close();
    await database.until(
      `SELECT count(*) = 0 FROM pg_replication_slots WHERE slot_name = '${database.name}'`,
    );
  });
});

test('identifySystem gives what the control file has', async () => {
  await using database = await freshDatabase();
  await using replication = await connect(database, true);
  const identity = await identifySystem(replication);
  const [row] = await database.query(
    'SELECT system_identifier::text AS id FROM pg_control_system()',
  );
  expect(identity).toEqual({ systemIdentifier: row?.['id'], timeline: 1 });
});

test('dropSlot waits for a reader that is about to leave', async () => {
  await using database = await freshDatabase();
  await using control = await connect(database, false);
  await using replication = await connect(database, true);
  const environment = { clock: systemClock, signal, note: () => undefined };
  const wish = wishFor(database, { temporary: true });
  await createSlot({ replication, control }, wish, environment);
  const drop = dropSlot(control, database.name, { clock: systemClock, signal });
  await replication.close();
  await drop;
  expect(await readSlot(control, database.name)).toBeNull();
  await dropSlot(control, 'never_there', { clock: systemClock, signal });
});

test('the command follows the version of the server', () => {
  const wish: SlotWish = {
    name: 'a"b',
    version: 180_000,
    exportSnapshot: true,
    temporary: false,
    failover: true,
    timeoutMs: 1,
  };
  expect(createSlotCommand(wish)).toBe(
    `CREATE_REPLICATION_SLOT "a""b" LOGICAL pgoutput (SNAPSHOT 'export', FAILOVER true)`,
  );
  expect(createSlotCommand({ ...wish, version: 160_000, temporary: true })).toBe(
    `CREATE_REPLICATION_SLOT "a""b" TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')`,
  );
  expect(createSlotCommand({ ...wish, version: 140_000, exportSnapshot: false })).toBe(
    'CREATE_REPLICATION_SLOT "a""b" LOGICAL pgoutput NOEXPORT_SNAPSHOT',
  );
});
