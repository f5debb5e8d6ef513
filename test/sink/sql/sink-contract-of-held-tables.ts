import { expect, test } from 'vitest';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { offsetsOf, parkingSink, replay } from '../../support/parking-sink.ts';
import { assignNew, never, put } from '../../support/sink-harness.ts';
import { positionsOf, SinkTopic } from '../../support/sink-records.ts';
import { asBytes, asNumber, id, retypedTopic } from '../../support/retyped-table.ts';
import { describeTarget, type SinkTarget, startTargetSink } from '../../support/sink-target.ts';

const HOLD = {
  schemaEvolution: { ...SQL_SINK_DEFAULTS.schemaEvolution, policy: 'hold' },
} as const;
const DEAD_LETTER = {
  schemaEvolution: { ...SQL_SINK_DEFAULTS.schemaEvolution, policy: 'dead_letter' },
} as const;

const X = Buffer.from('x');

/** `1 1 -` : id, the number that the column had, whether there are bytes. */
async function shown(target: SinkTarget): Promise<readonly string[]> {
  const rows = await target.query(`SELECT id, v_old AS o,
    CASE WHEN v IS NULL THEN '-' ELSE 'bytes' END AS b FROM t ORDER BY id`);
  return rows.map(({ id: key, o, b }) => [key, o ?? '-', b].join(' '));
}

/** What an operator does: the old column keeps its values, and room is made for another type. */
async function makeRoom(target: SinkTarget): Promise<void> {
  await target.query('ALTER TABLE t RENAME COLUMN v TO v_old');
}

/** What the runner does once a table fits: it takes the topic anew, and reads from there. */
async function goOn(
  sink: SinkTask,
  topic: SinkTopic,
  records: readonly SinkRecord[],
): Promise<void> {
  const partitions = [...new Set(records.map(({ partition }) => partition))];
  const stored = await sink.assign(
    partitions.map((partition) => ({ topic: topic.topic, partition })),
    never,
  );
  const left = records.filter(({ partition, offset }) => {
    const from = stored.find((position) => position.partition === partition)?.offset ?? 0;
    return offset >= from;
  });
  await sink.put(left, positionsOf(records), never);
}

/** `schema.evolution.policy: hold` and `dead_letter`. */
export const contractOfHeldTables = describeTarget((fresh) => {
  test('a held table waits, others flow, and it goes on once somebody changed it', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, HOLD);
    const topic = retypedTopic();
    const other = new SinkTopic(
      { table: 'other', columns: [id, asNumber], key: ['id'] },
      topic.log,
    );
    const log = [topic.insert({ id: 1, v: 1 }), topic.insert({ id: 2, v: 2 })];
    await put(sink, log);
    topic.alter({ columns: [id, asBytes] });
    log.push(topic.update({ id: 1, v: X }), topic.insert({ id: 3, v: X }));
    await put(sink, [...log.slice(2), other.insert({ id: 7, v: 7 })]);
    const [held, ...more] = sink.status().parked;
    expect(more).toEqual([]);
    expect(held).toMatchObject({ topic: topic.topic, code: 'SINK_SCHEMA', offset: 2, held: true });
    expect(held?.message).toMatch(/column v of .*has the type .* but the source has .*held/s);
    // What comes now is left to the log, and the other table is not.
    log.push(topic.delete({ id: 2, v: X }), topic.insert({ id: 4, v: null }));
    await put(sink, [...log.slice(4), other.insert({ id: 8, v: 8 })]);
    expect(await target.query('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await target.query('SELECT id FROM other')).toHaveLength(2);
    expect(await sink.fitting?.(never)).toEqual([]);
    expect(sink.status().parked).toHaveLength(1);

    await makeRoom(target);
    expect(await sink.fitting?.(never)).toEqual([topic.topic]);
    await goOn(sink, topic, log);
    expect(sink.status().parked).toEqual([]);
    expect(await shown(target)).toEqual(['1 1 bytes', '3 - bytes', '4 - -']);
    expect(await sink.fitting?.(never)).toEqual([]);
  });

  test('a start with another policy takes what was held; the same one holds it', async () => {
    await using target = await fresh();
    const topic = retypedTopic();
    const log = [topic.insert({ id: 1, v: 1 })];
    topic.alter({ columns: [id, asBytes] });
    log.push(topic.update({ id: 1, v: X }));
    for (let i = 0; i < 2; i++) {
      await using sink = await startTargetSink(target, HOLD);
      await put(sink, log);
      expect(sink.status().parked).toMatchObject([{ offset: 1, held: true }]);
    }
    const policy = { ...HOLD.schemaEvolution, policy: 'shadow' } as const;
    await using sink = await startTargetSink(target, { schemaEvolution: policy });
    await put(sink, log);
    expect(sink.status().parked).toEqual([]);
    expect(await target.query('SELECT v FROM t WHERE v__v2 IS NOT NULL')).toEqual([{ v: 1 }]);
  });

  test('one that stops at the same record again is looked at ever more rarely', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, HOLD);
    const topic = retypedTopic();
    await put(sink, [topic.insert({ id: 1, v: 1 })]);
    topic.alter({ columns: [id, asBytes] });
    const records = [topic.update({ id: 1, v: X })];
    await put(sink, records);
    const looks: number[] = [];
    for (let round = 0; round < 3; round++) {
      await makeRoom(target);
      // It fits, and is otherwise again before the record comes.
      let asked = 1;
      while ((await sink.fitting?.(never))?.length === 0) asked++;
      looks.push(asked);
      await target.query('ALTER TABLE t DROP COLUMN v');
      await target.query('ALTER TABLE t RENAME COLUMN v_old TO v');
      await goOn(sink, topic, records);
      expect(sink.status().parked).toMatchObject([{ offset: 1, held: true }]);
    }
    expect(looks).toEqual([1, 2, 4]);
  });

  test('dead letters: the shape goes there until it fits, keys in order (S11, S20)', async () => {
    await using target = await fresh();
    await using parking = await parkingSink(target, DEAD_LETTER);
    const { sink, letters } = parking;
    const topic = retypedTopic();
    await put(sink, [topic.insert({ id: 1, v: 1 }), topic.insert({ id: 2, v: 2 })]);
    topic.alter({ columns: [id, asBytes] });
    const changed = [topic.update({ id: 1, v: X }), topic.insert({ id: 3, v: X })];
    topic.alter({ columns: [id, asNumber] });
    // Of a partition that is behind: the older shape is taken, but not for a key that waits.
    const older = [topic.update({ id: 2, v: 20 }), topic.update({ id: 1, v: 10 })];
    await put(sink, [...changed, ...older]);
    expect(sink.status()).toMatchObject({ parked: [], parkedKeys: { count: 2 } });
    expect(letters.map(({ error }) => error.code)).toEqual([
      'SINK_SCHEMA',
      'SINK_SCHEMA',
      'SINK_KEY_PARKED',
    ]);
    expect(await target.query('SELECT id, v FROM t ORDER BY id')).toEqual([
      { id: 1, v: 1 },
      { id: 2, v: 20 },
    ]);
    // Not mended yet: what waits says why, and waits on.
    const early = await replay(target, letters);
    expect([early.applied, early.failed.length, early.left.length]).toEqual([0, 2, 2]);

    await makeRoom(target);
    topic.alter({ columns: [id, asBytes] });
    const later = [topic.insert({ id: 4, v: X }), topic.update({ id: 3, v: null })];
    await put(sink, later);
    expect(await shown(target)).toEqual(['1 1 -', '2 20 -', '4 - bytes']);
    expect(offsetsOf(letters)).toBe('0/2 0/3 0/5 0/7');
    // The letter of the older shape finds another column than it was meant for, and says so.
    const done = await replay(target, letters);
    expect(done).toEqual({
      applied: 3,
      failed: ['{"id":1}'],
      left: [['{"id":1}', 4 + 1, 1]],
    });
    expect(await shown(target)).toEqual(['1 1 bytes', '2 20 -', '3 - -', '4 - bytes']);
  });

  test('dead letters: a restart goes on behind them, a truncate frees their keys', async () => {
    await using target = await fresh();
    const topic = retypedTopic();
    const log = [topic.insert({ id: 1, v: 1 })];
    topic.alter({ columns: [id, asBytes] });
    log.push(topic.update({ id: 1, v: X }), topic.delete({ id: 1, v: X }));
    {
      await using first = await parkingSink(target, DEAD_LETTER);
      await put(first.sink, log);
      expect(offsetsOf(first.letters)).toBe('0/1 0/2');
    }
    await using second = await parkingSink(target, DEAD_LETTER);
    await put(second.sink, [...log, topic.truncate()]);
    expect(second.letters).toEqual([]);
    expect(second.sink.status()).toMatchObject({ parked: [], parkedKeys: { count: 0 } });
    expect(await target.query('SELECT id FROM t')).toEqual([]);
  });

  test('dead letters: past errors.park.keys.max, and without a key, the table waits', async () => {
    await using target = await fresh();
    await using parking = await parkingSink(target, { ...DEAD_LETTER, parkedKeysMax: 2 });
    const { sink, letters } = parking;
    const topic = retypedTopic();
    const keyless = new SinkTopic({ table: 'k', columns: [id, asNumber], key: [] }, topic.log);
    await put(sink, [topic.insert({ id: 1, v: 1 }), keyless.insert({ id: 1, v: 1 })]);
    topic.alter({ columns: [id, asBytes] });
    keyless.alter({ columns: [id, asBytes] });
    const records = [1, 2, 3].map((key) => topic.insert({ id: key, v: X }));
    await assignNew(sink, positionsOf(records));
    await put(sink, [...records, keyless.insert({ id: 2, v: X })]);
    expect(sink.status().parked).toMatchObject([
      { topic: topic.topic, code: 'SINK_KEY_PARKED', offset: 3 },
      { topic: keyless.topic, code: 'SINK_SCHEMA', offset: 1 },
    ]);
    expect(offsetsOf(letters)).toBe('0/1 0/2');
  });
});
