import { expect, test } from 'vitest';
import type { SinkTask } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { FileTarget } from '../../support/sink-target.ts';
import { startTargetSink } from '../../support/sink-target.ts';

const OWN = { tableNameFormat: '${source.table}', tablePerTopic: true };

const id = column('id', 'integer', { type: 'int32', optional: false });
const a = column('a', 'text', { type: 'string' });
const b = column('b', 'text', { type: 'string' });

function parkedTopics(sinks: readonly SinkTask[]): readonly string[] {
  return sinks.flatMap((sink) => sink.status().parked.map(({ topic }) => topic));
}

/** Tables of a file, which has no schemas: tasks have each its own. */
export function contractOfFileTables(open: () => Promise<FileTarget>): void {
  /** Each task knows of its own topics; what the other one has written only the file tells. */
  test("a table of another task's topic is left alone, its columns too", async () => {
    await using target = await open();
    await using one = await startTargetSink(target, OWN);
    await using two = await startTargetSink(target, OWN);
    const first = new SinkTopic({ schema: 'x', table: 't', columns: [id, a], key: ['id'] });
    const second = new SinkTopic({ schema: 'y', table: 't', columns: [id, b], key: ['id'] });
    await put(one, [first.insert({ id: 1, a: 'first' })]);
    await put(two, [second.insert({ id: 1, b: 'second' })]);
    expect(await target.query('SELECT * FROM t')).toEqual([{ id: 1, a: 'first' }]);
    expect(two.status().parked).toEqual([
      expect.objectContaining({ topic: second.topic, code: 'SINK_SCHEMA' }),
    ]);
  });

  /** Both have chosen the table before either has written to it: the transaction finds it out. */
  test('of two tasks that write to one table at the same instant one has it', async () => {
    await using target = await open();
    await using one = await startTargetSink(target, OWN);
    await using two = await startTargetSink(target, OWN);
    for (let round = 0; round < 10; round++) {
      const table = `t${round}`;
      const topics = ['x', 'y'].map(
        (schema) => new SinkTopic({ schema, table, columns: [id, a], key: ['id'] }),
      );
      const records = topics.map((topic) => [topic.insert({ id: 1, a: topic.topic })]);
      await Promise.all([put(one, records[0] ?? []), put(two, records[1] ?? [])]);
      const parked = parkedTopics([one, two]).filter((topic) => topic.endsWith(`.${table}`));
      expect(parked).toHaveLength(1);
      const winner = topics.find(({ topic }) => topic !== parked[0])?.topic;
      expect(await target.query(`SELECT * FROM ${table}`)).toEqual([{ id: 1, a: winner }]);
    }
  });
}
