import { column, SinkTopic } from './sink-records.ts';

/** The key of `named` topics. */
export const ID = column('id', 'integer', { type: 'int32', optional: false });
const BIGINT = column('id', 'bigint', { type: 'int64', optional: false });
const NUMBER = column('n', 'bigint', { type: 'int64' });
const NAME = column('name', 'text', { type: 'string' });
const NOTE = column('note', 'text', { type: 'string' });

/** The columns of `named` topics without the note. */
export const ID_AND_NAME = [ID, NAME];

/** A topic of rows `named`, whose index is its own. */
export function namedTopic(
  table: string,
  columns = [...ID_AND_NAME, NOTE],
): { topic: SinkTopic; index: string } {
  const topic = new SinkTopic({ table, columns, key: ['id'] });
  return { topic, index: topic.topic.toLowerCase() };
}

export const named = (id: number, name: string, note: string | null = null) => ({ id, name, note });

/** A topic of rows `numbered`. */
export function numberedTopic(table: string, key: readonly string[] = ['id']): SinkTopic {
  return new SinkTopic({ table, columns: [BIGINT, NUMBER], key });
}

export const numbered = (id: bigint, n: bigint) => ({ id, n });
