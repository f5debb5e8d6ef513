import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { put, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

test('a role that may make tables in a schema, but no schemas, is enough', async () => {
  await using database = await freshDatabase();
  const role = `tables_of_${database.name}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; CREATE SCHEMA given`);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public, given TO ${role}`);
  try {
    const url = Object.assign(new URL(database.url), { username: role, password: 'secret' });
    await using sink = await startSink(database, { connectionUrl: url.href });
    const topic = (schema: string): SinkTopic =>
      new SinkTopic({
        schema,
        table: 't',
        columns: [
          column('id', 'integer', { type: 'int32', optional: false }),
          column('mood', 'mood', {
            type: 'string',
            optional: true,
            name: 'io.debezium.data.Enum',
            parameters: { allowed: 'sad,happy' },
          }),
        ],
        key: ['id'],
      });
    await put(sink, [topic('given').insert({ id: 1, mood: 'happy' })]);
    expect(sink.status().parked).toEqual([]);
    expect(await database.query('SELECT id, mood::text FROM given.t')).toEqual([
      { id: 1, mood: 'happy' },
    ]);
    // What it may not make is said as it is.
    await put(sink, [topic('missing').insert({ id: 1, mood: 'sad' })]);
    const [parked] = sink.status().parked;
    expect(parked?.code).toBe('SINK_SCHEMA');
    expect(parked?.message).toContain('permission denied for database');
  } finally {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
