import type { SinkPartition, SinkRecord, SinkTask } from '../../src/model/sink-record.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { put } from './sink-harness.ts';
import { column, SinkTopic } from './sink-records.ts';
import type { SinkTarget } from './sink-target.ts';

/** The columns of a table of counters. */
export const id = column('id', 'integer', { type: 'int32', optional: false });
export const n = column('n', 'integer', { type: 'int32' });

export function counters(table = 'counters'): SinkTopic {
  return new SinkTopic({ table, columns: [id, n], key: ['id'] });
}

/** `1:10 2:20` */
export async function rows(target: SinkTarget, table = 'counters'): Promise<string> {
  const found = await target.query(`SELECT id, n FROM ${table} ORDER BY id`);
  return found.map((row) => `${String(row['id'])}:${String(row['n'])}`).join(' ');
}

export function first({ topic }: SinkTopic): SinkPartition {
  return { topic, partition: 0 };
}

/** The same topic as another partition has it. */
export function partitionOf(topic: SinkTopic, partition: number): SinkTopic {
  topic.partition = partition;
  return topic;
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof TidemarkError ? error.code : String(error);
  }
}

/** As the runtime does it: the same records again while the error is one that passes. */
export async function putUntilApplied(
  sink: SinkTask,
  records: readonly SinkRecord[],
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await put(sink, records);
      return;
    } catch (error) {
      const passes = error instanceof TidemarkError && error.retry === 'backoff';
      if (!passes || attempt > 5) throw error;
    }
  }
}
