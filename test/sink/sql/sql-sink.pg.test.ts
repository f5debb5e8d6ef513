import { describe, expect, test } from 'vitest';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../../src/sink/sql/sql-sink-options.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { column, positionsOf, SinkTopic } from '../../support/sink-records.ts';

const signal = new AbortController().signal;

function sinkOptions(database: TestDatabase, change: Partial<SqlSinkOptions> = {}): SqlSinkOptions {
  return { ...SQL_SINK_DEFAULTS, name: 'warehouse', connectionUrl: database.url, ...change };
}

async function startSink(
  database: TestDatabase,
  change: Partial<SqlSinkOptions> = {},
): Promise<SinkTask> {
  const sink = createSqlSink(sinkOptions(database, change));
  await sink.start(signal);
  return sink;
}

function put(sink: SinkTask, records: readonly SinkRecord[]): Promise<void> {
  return sink.put(records, positionsOf(records), signal);
}

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const note = column('note', 'text', { type: 'string' });

function people(): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name, note], key: ['id'] });
}

describe('keyed tables', () => {
  test('inserts, updates, deletes and key changes of one batch end in the right rows', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = people();
    await put(sink, [
      topic.read({ id: 1, name: 'a' }),
      topic.insert({ id: 2, name: 'b' }),
      topic.update({ id: 1, name: 'a2' }),
      topic.insert({ id: 3, name: 'c' }),
      topic.delete({ id: 3 }),
      topic.tombstone({ id: 3 }),
      // The key changes from 2 to 4.
      topic.delete({ id: 2 }),
      topic.tombstone({ id: 2 }),
      topic.insert({ id: 4, name: 'b' }),
      // Deleted and made anew.
      topic.delete({ id: 1 }),
      topic.insert({ id: 1, name: 'again' }),
    ]);
    expect(await database.query('SELECT id, name FROM people ORDER BY id')).toEqual([
      { id: 1, name: 'again' },
      { id: 4, name: 'b' },
    ]);
    expect(sink.status()).toEqual({ applied: 11, parked: [], connected: true });
  });
});
