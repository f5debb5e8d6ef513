import { describe, expect, test } from 'vitest';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import type { SqlSinkOptions } from '../../../src/sink/sql/sql-sink-options.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';
import { counters, putUntilApplied, rows } from '../../support/sink-counters.ts';
import { put } from '../../support/sink-harness.ts';
import type { SinkTopic } from '../../support/sink-records.ts';
import type { ServerTarget, SinkTarget } from '../../support/sink-target.ts';
import { startTargetSink } from '../../support/sink-target.ts';

/*
 * A target that is slow, deadlocks, is full, or goes away in the middle of a batch: the put fails
 * with an error that may pass and says why, nothing of it is there, and the same records are
 * applied once when the trouble is over (PITFALLS S10).
 */

/** What of the trouble is of a product. */
export interface TroubleOf {
  readonly make: () => Promise<ServerTarget>;
  /** What others' sessions may take, so that it is the sink's that waits too long. */
  readonly patient: string;
  /** A row for each session that waits for another one in this database. */
  readonly waits: string;
  /** Rows of the table `counters` fail as on a full disk; and no more. */
  readonly fill: readonly string[];
  readonly free: string;
  /** What is told of each. */
  readonly said: Readonly<Record<'slow' | 'deadlock' | 'full', RegExp>>;
}

/** Another session, in the middle of a transaction. */
async function otherSession(target: SinkTarget, patient: string) {
  const session: TargetSession = await target.open();
  await session.query(patient);
  await session.begin();
  return {
    query: (sql: string) => session.query(sql),
    commit: () => session.commit(),
    async [Symbol.asyncDispose]() {
      if (!session.broken) await session.rollback().catch(() => undefined);
      await session.close();
    },
  };
}

/** What a put fails with. */
async function failureOf(sink: SinkTask, records: readonly SinkRecord[]): Promise<unknown> {
  return put(sink, records).then(
    () => null,
    (error: unknown) => error,
  );
}

/** A sink that has written two tables. */
async function benchOf(make: TroubleOf['make'], change: Partial<SqlSinkOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await make());
  const sink = stack.use(await startTargetSink(target, change));
  const topic = counters();
  const others = counters('others');
  others.log.sequence = 1_000;
  await put(
    sink,
    [1, 2, 3].map((id) => topic.insert({ id, n: 0 })),
  );
  await put(sink, [others.insert({ id: 1, n: 0 })]);
  const table = target.dialect.qualify({ schema: target.schema, table: 'counters' });
  const kept = stack.move();
  return { target, sink, topic, others, table, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const changes = (topic: SinkTopic): readonly SinkRecord[] =>
  [1, 2, 3].map((id) => topic.update({ id, n: id * 10 }));

function testsOfLocks({ make, patient, waits, said }: TroubleOf): void {
  test('slow: what waits too long for a lock is cut off, and done later', async () => {
    await using made = await benchOf(make, { lockTimeoutMs: 1_000 });
    const { target, sink, topic, others, table } = made;
    const records = [others.update({ id: 1, n: 1 }), ...changes(topic)];
    {
      await using other = await otherSession(target, patient);
      await other.query(`SELECT 1 FROM ${table} WHERE id = 3 FOR UPDATE`);
      const failure = await failureOf(sink, records);
      expect(failure).toMatchObject({ code: 'SINK_SERVER', retry: 'backoff' });
      expect(String(failure)).toMatch(said.slow);
      expect([await rows(target), await rows(target, 'others')]).toEqual(['1:0 2:0 3:0', '1:0']);
    }
    await putUntilApplied(sink, records);
    expect(await rows(target)).toBe('1:10 2:20 3:30');
    expect(sink.status()).toMatchObject({ parked: [], applied: 8 });
  });

  test('deadlocking: the victim is done again, once', async () => {
    await using made = await benchOf(make);
    const { target, sink, topic, table } = made;
    const records = changes(topic);
    let failure: Promise<unknown>;
    {
      await using other = await otherSession(target, patient);
      // Of two that wait for each other MySQL ends the one that has changed fewer rows.
      const filler = Array.from({ length: 50 }, (_, i) => `(${100 + i}, 0)`).join(', ');
      await other.query(`INSERT INTO ${table} (id, n) VALUES ${filler}`);
      await other.query(`UPDATE ${table} SET n = n + 1 WHERE id = 3`);
      failure = failureOf(sink, records);
      // The sink has the first row and waits for the third; MySQL looks again only where nobody
      // has asked for a tenth of a second.
      const waiting = () => target.query(waits);
      await expect.poll(waiting, { interval: 200 }).toHaveLength(1);
      await other.query(`UPDATE ${table} SET n = n + 1 WHERE id = 1`);
      await other.query(`DELETE FROM ${table} WHERE id >= 100`);
      await other.commit();
    }
    const error = await failure;
    expect(error).toMatchObject({ code: 'SINK_SERVER', retry: 'backoff' });
    expect(String(error)).toMatch(said.deadlock);
    expect(await rows(target)).toBe('1:1 2:0 3:1');
    await putUntilApplied(sink, records);
    expect(await rows(target)).toBe('1:10 2:20 3:30');
    expect(sink.status()).toMatchObject({ parked: [], applied: 7 });
  });
}

function testsOfEnds({ make, patient, waits, fill, free, said }: TroubleOf): void {
  test('full: the sink tries again, nothing is parked', async () => {
    await using made = await benchOf(make);
    const { target, sink, topic, others } = made;
    const records = [others.update({ id: 1, n: 1 }), ...changes(topic)];
    for (const statement of fill) await target.query(statement);
    const failure = await failureOf(sink, records);
    expect(failure).toMatchObject({ code: 'SINK_SERVER', retry: 'backoff' });
    expect(String(failure)).toMatch(said.full);
    expect([await rows(target), await rows(target, 'others')]).toEqual(['1:0 2:0 3:0', '1:0']);
    await target.query(free);
    await putUntilApplied(sink, records);
    expect([await rows(target), await rows(target, 'others')]).toEqual(['1:10 2:20 3:30', '1:1']);
    expect(sink.status()).toMatchObject({ parked: [], applied: 8 });
  });

  test('killed in the middle of a batch of two tables: all of it comes, once', async () => {
    await using made = await benchOf(make);
    const { target, sink, topic, others, table } = made;
    const records = [others.update({ id: 1, n: 1 }), ...changes(topic)];
    {
      await using other = await otherSession(target, patient);
      await other.query(`SELECT 1 FROM ${table} WHERE id = 2 FOR UPDATE`);
      const failing = failureOf(sink, records);
      // The first table is written and not committed, or part of the other one is.
      await expect.poll(() => target.query(waits), { interval: 200 }).toHaveLength(1);
      await target.cutSinks();
      const error = await failing;
      expect(error).toMatchObject({ retry: 'backoff' });
      expect(['SINK_CONNECT', 'SINK_SERVER']).toContain((error as { code: string }).code);
      expect([await rows(target), await rows(target, 'others')]).toEqual(['1:0 2:0 3:0', '1:0']);
    }
    await putUntilApplied(sink, records);
    expect([await rows(target), await rows(target, 'others')]).toEqual(['1:10 2:20 3:30', '1:1']);
    expect(sink.status()).toMatchObject({ parked: [], applied: 8 });
  });
}

export function contractOfTrouble(parts: TroubleOf): void {
  describe('a target in trouble (S10)', () => {
    testsOfLocks(parts);
    testsOfEnds(parts);
  });
}
