import { expect, test } from 'vitest';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { postgresSinkTarget, startTargetSink } from '../../support/sink-target.ts';
import { contractOfShadows, SHADOW } from './sink-contract-of-shadows.ts';

contractOfShadows(postgresSinkTarget);

test('a third type has a column of its own, unless one takes it', async () => {
  await using target = await postgresSinkTarget();
  await using sink = await startTargetSink(target, SHADOW);
  const id = column('id', 'integer', { type: 'int32', optional: false });
  const topic = new SinkTopic({ table: 't', columns: [id], key: ['id'] });
  const types = [
    column('v', 'integer', { type: 'int32' }),
    column('v', 'bytea', { type: 'bytes' }),
    column('v', 'boolean', { type: 'boolean' }),
    column('v', 'smallint', { type: 'int16' }),
  ];
  const values = [1, Buffer.from('x'), true, 4];
  for (const [i, type] of types.entries()) {
    topic.alter({ columns: [id, type] });
    await put(sink, [topic.insert({ id: i, v: values[i] ?? null })]);
  }
  expect(sink.status().parked).toEqual([]);
  expect(await target.query('SELECT id, v, v__v3, v__v2 IS NULL AS w FROM t ORDER BY id')).toEqual([
    { id: 0, v: 1, v__v3: null, w: true },
    { id: 1, v: null, v__v3: null, w: false },
    { id: 2, v: null, v__v3: true, w: true },
    { id: 3, v: 4, v__v3: null, w: true },
  ]);
});
