import type { DeadLetter } from '../../src/model/dead-letter.ts';
import type { SinkRecord, SinkTask } from '../../src/model/sink-record.ts';
import { ParkedReplay } from '../../src/sink/sql/parked-replay.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import { never } from './sink-harness.ts';
import type { SinkTopic } from './sink-records.ts';
import type { SinkTarget } from './sink-target.ts';

interface ParkingSink {
  readonly sink: SinkTask;
  readonly letters: DeadLetter[];
}

/** A sink whose dead letters a test looks at. */
export async function parkingSink(
  target: SinkTarget,
  change: Partial<SqlSinkOptions> = {},
  letters: DeadLetter[] = [],
): Promise<ParkingSink & AsyncDisposable> {
  const sink = createSqlSink(target.options({ park: 'key', ...change }), undefined, (told) => {
    letters.push(...told);
    return Promise.resolve();
  });
  await sink.start(never);
  return { sink, letters, [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
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
