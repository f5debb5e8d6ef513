import type { DeadLetter } from '../../src/model/dead-letter.ts';
import type { SinkRecord, SinkTask } from '../../src/model/sink-record.ts';
import { ParkedReplay } from '../../src/sink/sql/parked-replay.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import type { OpenSession, TargetSession } from '../../src/sink/sql/target-session.ts';
import { never } from './sink-harness.ts';
import type { SinkTopic } from './sink-records.ts';
import type { SinkTarget } from './sink-target.ts';

interface ParkingSink {
  readonly sink: SinkTask;
  readonly letters: DeadLetter[];
  /** What the target was asked to do until now. */
  statements(): number;
}

const STATEMENTS: ReadonlySet<unknown> = new Set(['query', 'load', 'add', 'addFresh']);

/** The session, which calls `onStatement` before each of its statements. */
function watched(session: TargetSession, onStatement: () => void): TargetSession {
  return new Proxy(session, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        if (STATEMENTS.has(name)) onStatement();
        return Reflect.apply(value, target, given);
      };
    },
  });
}

/** A sink whose dead letters a test looks at. */
export async function parkingSink(
  target: SinkTarget,
  change: Partial<SqlSinkOptions> = {},
  letters: DeadLetter[] = [],
): Promise<ParkingSink & AsyncDisposable> {
  const send = (told: readonly DeadLetter[]): Promise<void> => {
    letters.push(...told);
    return Promise.resolve();
  };
  let count = 0;
  const open: OpenSession = async (signal) =>
    watched(await target.openSession(signal), () => count++);
  const sink = createSqlSink(target.options({ park: 'key', ...change }), undefined, send, open);
  await sink.start(never);
  return {
    sink,
    letters,
    statements: () => count,
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

/** Cannot be applied while the target lacks the row. */
export function poison(topic: SinkTopic, id: number): SinkRecord {
  return topic.update({ id, n: 0 }, null, ['n']);
}

/** `0/1 0/3` */
export function offsetsOf(letters: readonly DeadLetter[]): string {
  return letters.map(({ record }) => `${record.partition}/${record.offset}`).join(' ');
}

/** Applies letters again, and says what waits on. */
export async function replay(target: SinkTarget, letters: readonly DeadLetter[]) {
  await using replaying = await ParkedReplay.open(target.options(), () => undefined, never);
  const topic = letters[0]?.record.topic ?? '';
  const done = await replaying.replay(
    topic,
    letters.map(({ record }) => record),
  );
  const left = (await replaying.list()).map(({ key, offset, letters: n }) => [key, offset, n]);
  return { applied: done.applied, failed: [...done.failed.keys()], left };
}

/** What an operator does: the row that updates need is there again. */
export async function mend(target: SinkTarget, id: number): Promise<void> {
  await using session = Object.assign(await target.open(), {
    async [Symbol.asyncDispose](this: Awaited<ReturnType<SinkTarget['open']>>) {
      await this.close();
    },
  });
  const table = target.dialect.qualify({ schema: target.schema, table: 'counters' });
  await session.begin();
  await session.query(`INSERT INTO ${table} (id, n) VALUES (${id}, -1)`);
  await session.commit();
}
