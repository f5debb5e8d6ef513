import { describe, expect, test, vi } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { SinkTask } from '../../src/model/sink-record.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SinkRunner } from '../../src/runtime/sink-runner.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';
import { sinkOptions } from '../support/sink-harness.ts';

const TOPIC = 'shop.public.rows';

/** Every row that a statement touched, by the transaction that committed. */
const HISTORY = `
  CREATE TABLE rows (id integer PRIMARY KEY);
  CREATE TABLE history (id integer, op text, at bigserial);
  CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.history (id, op) VALUES (NEW.id, TG_OP); RETURN NULL; END $$;
  CREATE TRIGGER remember AFTER INSERT OR UPDATE ON rows
    FOR EACH ROW EXECUTE FUNCTION remember()`;

function json(name: string, id: number): string {
  const fields = [{ field: 'id', type: 'int32', optional: false }];
  const schema = { type: 'struct', optional: false, name: `${TOPIC}.${name}`, fields };
  return JSON.stringify({ schema, payload: { id } });
}

/** A log of rows whose ids say where they stand: partition in the thousands. */
class RowLog {
  readonly group: MemoryGroup;
  readonly ids: number[] = [];

  constructor(partitions: number) {
    this.group = new MemoryGroup(TOPIC, partitions);
  }

  append(partition: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const id = partition * 100_000 + this.group.logs[partition]!.length;
      this.ids.push(id);
      this.group.append(partition, json('Key', id), json('Value', id));
    }
  }
}

function startMember(
  database: TestDatabase,
  group: MemoryGroup,
  wrap: (task: SinkTask) => SinkTask = (task) => task,
) {
  const options = sinkOptions(database, { tableNameFormat: 'rows' });
  const runner = new SinkRunner({
    name: 'warehouse',
    group: 'connect-warehouse',
    topics: [TOPIC],
    transport: group.asTransport(),
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
async function expectOnce(database: TestDatabase, { ids }: RowLog): Promise<void> {
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

/** A task whose puts wait for the gate that the test holds, if it holds one. */
function gated(gates: { put: Promise<void> | null; waiting: boolean }) {
  return (task: SinkTask): SinkTask => ({
    start: (signal) => task.start(signal),
    assign: (partitions, signal) => task.assign(partitions, signal),
    release: (partitions) => {
      task.release(partitions);
    },
    put: async (...batch) => {
      if (gates.put !== null) {
        gates.waiting = true;
        await gates.put;
      }
      return task.put(...batch);
    },
    status: () => task.status(),
    [Symbol.asyncDispose]: () => task[Symbol.asyncDispose](),
  });
}

describe('members of a group', () => {
  test('hand partitions to each other under load: each record is applied once', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(4);
    await using one = startMember(database, log.group);
    await one.started;
    await using two = startMember(database, log.group);
    await two.started;
    const [a, b] = log.group.members;
    const plans = [
      [[0, 1, 2, 3], []],
      [
        [0, 1],
        [2, 3],
      ],
      [
        [2, 3],
        [0, 1],
      ],
      [[0], [1, 2, 3]],
      [[], [0, 1, 2, 3]],
      [
        [1, 3],
        [0, 2],
      ],
    ] as const;
    for (const [mine, theirs] of plans) {
      for (let partition = 0; partition < 4; partition++) log.append(partition, 80);
      await log.group.rebalance([
        [a!, mine],
        [b!, theirs],
      ]);
      // What was taken over is worked on before it moves again.
      await database.until(`SELECT count(*) > ${log.ids.length - 250} FROM rows`);
    }
    await expectOnce(database, log);
    expect(one.runner.applied + two.runner.applied).toBe(log.ids.length);
    await vi.waitFor(() => {
      expect([one.runner.lagRecords(), two.runner.lagRecords()]).toEqual([0, 0]);
    });
    // Each tells of what it has, and of nothing else.
    const held = (runner: SinkRunner): number[] =>
      [0, 1, 2, 3].filter((partition) => runner.position(TOPIC, partition) !== null);
    expect([held(one.runner), held(two.runner)]).toEqual([
      [1, 3],
      [0, 2],
    ]);
  });

  test('flush before they give up: the group’s offset is that of the target', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(2);
    const gates = { put: null as Promise<void> | null, waiting: false };
    await using one = startMember(database, log.group, gated(gates));
    await one.started;
    const [a] = log.group.members;
    const gate = Promise.withResolvers<void>();
    gates.put = gate.promise;
    log.append(0, 25);
    log.append(1, 25);
    await log.group.rebalance([[a!, [0, 1]]]);
    await vi.waitFor(() => expect(gates.waiting).toBe(true));
    const revoked = log.group.rebalance([[a!, [1]]]);
    const [before] = await database.query('SELECT count(*)::int AS n FROM rows');
    expect(before).toEqual({ n: 0 });
    gate.resolve();
    await revoked;
    const [stored] = await database.query(
      'SELECT next_offset::int AS offset FROM tidemark_offsets WHERE partition = 0',
    );
    expect(stored).toEqual({ offset: log.group.committed.get(`${TOPIC}/0`) });
    expect(Number(stored?.['offset'])).toBeGreaterThan(0);
    // Nothing more of it is put, although there is more.
    await database.until('SELECT count(*) = 25 FROM rows WHERE id >= 100000');
    const rest = await database.query('SELECT count(*)::int AS n FROM rows WHERE id < 100000');
    expect(rest).toEqual([{ n: stored?.['offset'] }]);
  });

  test('that were taken for dead harm neither their successor nor what they kept', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(4);
    const gates = { put: null as Promise<void> | null, waiting: false };
    await using zombie = startMember(database, log.group, gated(gates));
    await zombie.started;
    const [a] = log.group.members;
    for (let partition = 0; partition < 4; partition++) log.append(partition, 40);
    await log.group.rebalance([[a!, [0, 1, 2, 3]]]);
    await database.until('SELECT count(*) >= 40 FROM rows');
    const gate = Promise.withResolvers<void>();
    gates.put = gate.promise;
    for (let partition = 0; partition < 4; partition++) log.append(partition, 40);
    await vi.waitFor(() => expect(gates.waiting).toBe(true));
    // Paused with batches in its hands; the group gives two of its partitions away.
    await using other = startMember(database, log.group);
    await other.started;
    const [, b] = log.group.members;
    await log.group.rebalance(
      [
        [a!, [2, 3]],
        [b!, [0, 1]],
      ],
      [a!],
    );
    await database.until('SELECT count(*) = 160 FROM rows WHERE id < 200000');
    gates.put = null;
    gate.resolve();
    await database.until('SELECT count(*) = 160 FROM rows WHERE id >= 200000');
    // It still reads what it has lost, until the group tells it.
    log.append(0, 20);
    await database.until('SELECT count(*) = 100 FROM rows WHERE id < 100000');
    a!.lose();
    await log.group.rebalance([
      [a!, [2, 3]],
      [b!, [0, 1]],
    ]);
    for (let partition = 0; partition < 4; partition++) log.append(partition, 30);
    await expectOnce(database, log);
  });

  test('that die in the middle leave nothing half done', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(2);
    await using one = startMember(database, log.group);
    await one.started;
    const [a] = log.group.members;
    await log.group.rebalance([[a!, [0, 1]]]);
    log.append(0, 20);
    await database.until('SELECT count(*) = 20 FROM rows');
    // Its next transaction stands still after it has written rows, and is cut off there.
    await database.query(`
      CREATE SEQUENCE puts;
      CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.puts') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$;
      CREATE TRIGGER stand AFTER INSERT ON rows EXECUTE FUNCTION stand()`);
    log.append(0, 20);
    log.append(1, 20);
    const asleep = `FROM pg_stat_activity WHERE datname = current_database()
      AND application_name LIKE 'tidemark sink%' AND wait_event = 'PgSleep'`;
    await database.until(`SELECT count(*) = 1 ${asleep}`);
    await using two = startMember(database, log.group);
    await two.started;
    const [, b] = log.group.members;
    // The claim of the new owner waits for that transaction.
    await log.group.rebalance(
      [
        [a!, []],
        [b!, [0, 1]],
      ],
      [a!],
    );
    await database.until(`SELECT count(*) = 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    // The task ends at once; the server learns that its client is gone only when it is told.
    const dying = one[Symbol.asyncDispose]();
    await database.query(`SELECT pg_terminate_backend(pid) ${asleep}`);
    await dying;
    await expectOnce(database, log);
    expect(one.runner.applied + two.runner.applied).toBe(log.ids.length);
  });

  test('that lose their connection in the middle come back as what they are: fenced', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(2);
    const gates = { put: null as Promise<void> | null, waiting: false };
    await using one = startMember(database, log.group, gated(gates));
    await one.started;
    await using two = startMember(database, log.group);
    await two.started;
    const [a, b] = log.group.members;
    await log.group.rebalance([[a!, [0, 1]]]);
    log.append(0, 20);
    log.append(1, 20);
    await database.until('SELECT count(*) = 40 FROM rows');
    const gate = Promise.withResolvers<void>();
    gates.put = gate.promise;
    log.append(0, 20);
    log.append(1, 20);
    await vi.waitFor(() => expect(gates.waiting).toBe(true));
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'tidemark sink%'`);
    await log.group.rebalance(
      [
        [a!, [1]],
        [b!, [0]],
      ],
      [a!],
    );
    await database.until('SELECT count(*) = 40 FROM rows WHERE id < 100000');
    gates.put = null;
    gate.resolve();
    await expectOnce(database, log);
  });
});
