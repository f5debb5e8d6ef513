import { describe, expect, test } from 'vitest';
import type { SinkTask } from '../../src/model/sink-record.ts';
import type { SinkRunner } from '../../src/runtime/sink-runner.ts';
import { eventually } from '../support/eventually.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectOnce, HISTORY, rowJson, startMember } from '../support/sink-members.ts';

const TOPIC = 'shop.public.rows';

/** A log of rows whose ids say where they stand: partition in the thousands. */
class RowLog {
  readonly group: MemoryGroup;
  readonly ids: number[] = [];

  constructor(partitions: number) {
    this.group = new MemoryGroup(TOPIC, partitions);
  }

  get place() {
    return { topic: TOPIC, group: 'connect-warehouse', transport: this.group.asTransport() };
  }

  append(partition: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const id = partition * 100_000 + this.group.logs[partition]!.length;
      this.ids.push(id);
      this.group.append(partition, rowJson('Key', id), rowJson('Value', id));
    }
  }
}

/** Where the puts of a task wait while it is shut. */
class Gate {
  /** Whether a put waits, or has. */
  waiting = false;
  #opened: PromiseWithResolvers<void> | null = null;

  shut(): void {
    this.#opened = Promise.withResolvers();
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = null;
  }

  readonly before = (task: SinkTask): SinkTask => ({
    start: (signal) => task.start(signal),
    assign: (partitions, signal) => task.assign(partitions, signal),
    release: (partitions) => {
      task.release(partitions);
    },
    put: async (...batch) => {
      if (this.#opened !== null) {
        this.waiting = true;
        await this.#opened.promise;
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
    await using one = startMember(database, log.place);
    await one.started;
    await using two = startMember(database, log.place);
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
    await expectOnce(database, log.ids);
    expect(one.runner.applied + two.runner.applied).toBe(log.ids.length);
    await eventually(() => {
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
    const gate = new Gate();
    await using one = startMember(database, log.place, gate.before);
    await one.started;
    const [a] = log.group.members;
    gate.shut();
    log.append(0, 25);
    log.append(1, 25);
    await log.group.rebalance([[a!, [0, 1]]]);
    await expect.poll(() => gate.waiting).toBe(true);
    const revoked = log.group.rebalance([[a!, [1]]]);
    const [before] = await database.query('SELECT count(*)::int AS n FROM rows');
    expect(before).toEqual({ n: 0 });
    gate.open();
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
    const gate = new Gate();
    await using zombie = startMember(database, log.place, gate.before);
    await zombie.started;
    const [a] = log.group.members;
    for (let partition = 0; partition < 4; partition++) log.append(partition, 40);
    await log.group.rebalance([[a!, [0, 1, 2, 3]]]);
    await database.until('SELECT count(*) >= 40 FROM rows');
    gate.shut();
    for (let partition = 0; partition < 4; partition++) log.append(partition, 40);
    await expect.poll(() => gate.waiting).toBe(true);
    // Paused with batches in its hands; the group gives two of its partitions away.
    await using other = startMember(database, log.place);
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
    gate.open();
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
    await expectOnce(database, log.ids);
  });

  test('that die in the middle leave nothing half done', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(2);
    await using one = startMember(database, log.place);
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
    await using two = startMember(database, log.place);
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
    await expectOnce(database, log.ids);
    expect(one.runner.applied + two.runner.applied).toBe(log.ids.length);
  });

  test('that lose their connection in the middle come back as what they are: fenced', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    const log = new RowLog(2);
    const gate = new Gate();
    await using one = startMember(database, log.place, gate.before);
    await one.started;
    await using two = startMember(database, log.place);
    await two.started;
    const [a, b] = log.group.members;
    await log.group.rebalance([[a!, [0, 1]]]);
    log.append(0, 20);
    log.append(1, 20);
    await database.until('SELECT count(*) = 40 FROM rows');
    gate.shut();
    log.append(0, 20);
    log.append(1, 20);
    await expect.poll(() => gate.waiting).toBe(true);
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
    gate.open();
    await expectOnce(database, log.ids);
  });
});

describe('a unique value that goes from one partition to another (ruling 14)', () => {
  const USERS = 'CREATE TABLE rows (id integer PRIMARY KEY, mail integer NOT NULL UNIQUE)';
  const TEXTS = `SELECT string_agg(id || ':' || mail, ' ' ORDER BY id) AS rows FROM rows`;

  function user(group: MemoryGroup, partition: number, id: number, mail: number): void {
    const fields = ['id', 'mail'].map((field) => ({ field, type: 'int32', optional: false }));
    const schema = { type: 'struct', optional: false, name: 'rows.Value', fields };
    const value = JSON.stringify({ schema, payload: { id, mail } });
    group.append(partition, rowJson('Key', id), value);
  }

  test('the task that takes it is held until the other one has freed it', async () => {
    await using database = await freshDatabase();
    await database.query(USERS);
    const { group, place } = new RowLog(2);
    await using one = startMember(database, place);
    await one.started;
    await using two = startMember(database, place);
    await two.started;
    const [a, b] = group.members;
    await group.rebalance([
      [a!, [0]],
      [b!, [1]],
    ]);
    user(group, 1, 1, 7);
    await database.until('SELECT count(*) = 1 FROM rows');
    user(group, 0, 2, 7);
    user(group, 0, 3, 9);
    await eventually(() => {
      expect(one.runner.task?.status().parked).toMatchObject([{ held: true, offset: 0 }]);
    });
    // Nothing of the partition may be forgotten by the log meanwhile.
    expect(one.runner.position(TOPIC, 0)?.offset ?? 0).toBe(0);
    user(group, 1, 1, 8);
    await eventually(async () => {
      expect(await database.query(TEXTS)).toEqual([{ rows: '1:8 2:7 3:9' }]);
      expect([one.runner.lagRecords(), two.runner.lagRecords()]).toEqual([0, 0]);
    });
    expect(one.runner.task?.status().parked).toEqual([]);
    const applied = [one, two].map(({ runner }) => runner.task?.status().applied);
    expect(applied).toEqual([2, 2]);
  });

  test('one task of both, which reads the other partition later', async () => {
    await using database = await freshDatabase();
    await database.query(USERS);
    const { group, place } = new RowLog(2);
    user(group, 1, 1, 7);
    await using one = startMember(database, place);
    await one.started;
    await group.rebalance([[group.members[0]!, [0, 1]]]);
    await database.until('SELECT count(*) = 1 FROM rows');
    user(group, 0, 2, 7);
    await eventually(() => {
      expect(one.runner.task?.status().parked).toMatchObject([{ held: true }]);
    });
    user(group, 1, 1, 8);
    await eventually(async () => {
      expect(await database.query(TEXTS)).toEqual([{ rows: '1:8 2:7' }]);
    });
    // The rows are there before their task has been told that they are.
    await eventually(() => expect(one.runner.task?.status().applied).toBe(3));
  });
});
