import { expect } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { SinkTask } from '../../src/model/sink-record.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SinkRunner } from '../../src/runtime/sink-runner.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { TestDatabase } from './postgres.ts';
import { sinkOptions } from './sink-harness.ts';

/** Every row that a statement touched, by the transaction that committed. */
export const HISTORY = `
  CREATE TABLE rows (id integer PRIMARY KEY);
  CREATE TABLE history (id integer, op text, at bigserial);
  CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.history (id, op) VALUES (NEW.id, TG_OP); RETURN NULL; END $$;
  CREATE TRIGGER remember AFTER INSERT OR UPDATE ON rows
    FOR EACH ROW EXECUTE FUNCTION remember()`;

/** The JSON of a row's key or value, with its schema. */
export function rowJson(name: 'Key' | 'Value', id: number): string {
  const fields = [{ field: 'id', type: 'int32', optional: false }];
  const schema = { type: 'struct', optional: false, name: `rows.${name}`, fields };
  return JSON.stringify({ schema, payload: { id } });
}

/** A sink into `rows` that reads as a member of the group; it runs until it is disposed. */
export function startMember(
  database: TestDatabase,
  { topic, group, transport }: { topic: string; group: string; transport: Transport },
  wrap: (task: SinkTask) => SinkTask = (task) => task,
) {
  const options = sinkOptions(database, { tableNameFormat: 'rows' });
  const runner = new SinkRunner({
    name: 'warehouse',
    group,
    topics: [topic],
    transport,
    openTask: () => wrap(createSqlSink(options)),
    converters: { key: new JsonConverter(), value: new JsonConverter() },
    maxPollBytes: 10_000,
    commitIntervalMs: 20,
    fencedGraceMs: 60_000,
    clock: systemClock,
    logger: silentLogger(),
    fault: () => undefined,
  });
  const controller = new AbortController();
  const started = Promise.withResolvers<void>();
  const running = runner.run(controller.signal, started.resolve, () => undefined);
  running.catch(() => undefined);
  return {
    runner,
    running,
    started: started.promise,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await running.catch(() => undefined);
    },
  };
}

/** Waits until the target has every row, then checks that each came in once and in order. */
export async function expectOnce(database: TestDatabase, ids: readonly number[]): Promise<void> {
  await database.until(`SELECT count(*) >= ${ids.length} FROM rows`);
  const [counts] = await database.query(
    `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids,
       count(*) FILTER (WHERE op <> 'INSERT')::int AS again FROM history`,
  );
  expect(counts).toEqual({ rows: ids.length, ids: ids.length, again: 0 });
  const [order] = await database.query(
    `SELECT count(*)::int AS n FROM (SELECT id < lag(id) OVER (PARTITION BY id / 100000 ORDER BY at)
       AS late FROM history) h WHERE late`,
  );
  expect(order).toEqual({ n: 0 });
}
