import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, startSink } from '../../support/sink-harness.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const note = column('note', 'text', { type: 'string' });

function people(): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name, note], key: ['id'] });
}

describe('modes', () => {
  test('insert.mode=update changes rows that are there and makes none', async () => {
    await using database = await freshDatabase();
    const topic = people();
    await database.query('CREATE TABLE people (id integer PRIMARY KEY, name text, note text)');
    await database.query("INSERT INTO people VALUES (1, 'a', 'n')");
    await using sink = await startSink(database, { insertMode: 'update' });
    await put(sink, [topic.update({ id: 1, name: 'b' }), topic.update({ id: 2, name: 'c' })]);
    expect(await database.query('SELECT id, name FROM people')).toEqual([{ id: 1, name: 'b' }]);
  });

  test('insert.mode=insert makes rows, also over a delete of the same batch', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database, { insertMode: 'insert' });
    const topic = people();
    await put(sink, [topic.insert({ id: 1, name: 'a' })]);
    await put(sink, [topic.delete({ id: 1 }), topic.insert({ id: 1, name: 'b' })]);
    expect(await database.query('SELECT id, name FROM people')).toEqual([{ id: 1, name: 'b' }]);
    await put(sink, [topic.insert({ id: 1, name: 'c' })]);
    expect(sink.status().parked).toMatchObject([{ offset: 3, code: 'SINK_RECORD' }]);
  });

  test('pk.mode=record_value takes the key from the row', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database, {
      primaryKeyMode: 'record_value',
      primaryKeyFields: ['name'],
    });
    const topic = people();
    await put(sink, [
      topic.insert({ id: 1, name: 'a' }),
      topic.insert({ id: 2, name: 'a' }),
      topic.insert({ id: 3, name: 'b' }),
    ]);
    await put(sink, [topic.delete({ id: 3, name: 'b' }), topic.tombstone({ id: 3 })]);
    expect(await database.query('SELECT id, name FROM people')).toEqual([{ id: 2, name: 'a' }]);
    // A tombstone has no row to take a key from: it parked the table, for a key that had changed.
    await put(sink, [topic.insert({ id: 4, name: 'b' })]);
    expect(sink.status().parked).toEqual([]);
    expect(await database.query('SELECT id FROM people ORDER BY id')).toEqual([
      { id: 2 },
      { id: 4 },
    ]);
  });

  test('pk.mode=record_value passes over tombstones, first or behind flat records', async () => {
    for (const writeMode of ['mirror', 'both'] as const) {
      await using database = await freshDatabase();
      const topic = people();
      await using sink = await startSink(database, {
        primaryKeyMode: 'record_value',
        primaryKeyFields: ['name'],
        deleteEnabled: false,
        tableNameFormat: 'people',
        writeMode,
      });
      await put(sink, [topic.tombstone({ id: 9 }), topic.flat({ id: 1, name: 'a' })]);
      await put(sink, [topic.tombstone({ id: 1 })]);
      await put(sink, [topic.flat({ id: 2, name: 'a' }), topic.tombstone({ id: 2 })]);
      expect(sink.status().parked).toEqual([]);
      expect(await database.query('SELECT id, name FROM people')).toEqual([{ id: 2, name: 'a' }]);
    }
  });

  test('quote.identifiers=false folds names as the server would', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database, { quoteIdentifiers: false });
    const topic = new SinkTopic({
      table: 'People',
      columns: [column('Id', 'integer', { type: 'int32', optional: false })],
      key: ['Id'],
    });
    await put(sink, [topic.insert({ Id: 1 })]);
    expect(await database.query('SELECT ID FROM PEOPLE')).toEqual([{ id: 1 }]);
  });

  test('batches are cut by rows and by bytes', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database, { batchRows: 3, batchBytes: 40 });
    const topic = people();
    const rows = Array.from({ length: 20 }, (_, i) => ({ id: i, note: 'n'.repeat(i * 5) }));
    await put(
      sink,
      rows.map((row) => topic.insert(row)),
    );
    const found = await database.query('SELECT id, note FROM people ORDER BY id');
    expect(found).toEqual(rows);
  });

  test('an aborted put rejects, applies nothing, and can be done again', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = people();
    await put(sink, [topic.insert({ id: 1 })]);
    await database.query('CREATE SCHEMA hold');
    // The trigger waits for a lock that the test holds, so the abort falls into the statement.
    await database.query(`
      CREATE FUNCTION hold.wait() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
      CREATE TRIGGER wait BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION hold.wait()`);
    const records = [topic.insert({ id: 2 })];
    const stop = new AbortController();
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(1)');
    const running = sink.put(records, positionsOf(records), stop.signal);
    const outcome = running.then(
      () => 'applied',
      () => 'rejected',
    );
    await database.until(
      `SELECT count(*) > 0 FROM pg_stat_activity
       WHERE wait_event = 'advisory' AND datname = current_database()`,
    );
    stop.abort();
    expect(await outcome).toBe('rejected');
    await holder.end();
    await sink.put(records, positionsOf(records), never);
    expect(await database.query('SELECT id FROM people ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });
});
