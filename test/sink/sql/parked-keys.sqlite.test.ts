import { expect, test } from 'vitest';
import type { ParkedSet, StoredParkedKey } from '../../../src/sink/parked-key.ts';
import { NOTHING_PARKED } from '../../../src/sink/parked-key.ts';
import { ParkedKeys } from '../../../src/sink/sql/parked-keys.ts';
import { inTransaction } from '../../../src/sink/sql/sink-tables.ts';
import { sqliteSinkTarget } from '../../support/sink-target.ts';

function entry(key: string, offset: number): StoredParkedKey {
  const counts = { generation: 2, partition: 0, letters: 3, nextOffset: offset + 9, sinceMs: 5 };
  const message = `it's "so"\n\0`;
  return { topic: 't', key, offset, ...counts, code: 'SINK_RECORD', message };
}

test('what differs is stored, keys that differ by case alone, and hundreds of them', async () => {
  await using target = await sqliteSinkTarget();
  const session = await target.open();
  const keys = new ParkedKeys(target.dialect, 'w', 'main');
  expect(await keys.exists(session)).toBe(false);
  await keys.prepare(session);
  await keys.prepare(session);
  const texts = Array.from({ length: 450 }, (_, i) => `{"k":${i}}`);
  texts.unshift('{"k":"a"}', '{"k":"A"}');
  const all: ParkedSet = new Map(texts.map((key, i) => [key, [entry(key, i)]]));
  const change = (before: ParkedSet, after: ParkedSet): Promise<void> =>
    inTransaction(session, () => keys.store(session, 't', before, after));
  await change(NOTHING_PARKED, all);
  const loaded = (await keys.load(session, ['t'])).get('t') ?? NOTHING_PARKED;
  expect([...loaded.keys()]).toEqual(texts);
  expect(loaded.get('{"k":"A"}')).toEqual([{ ...entry('{"k":"A"}', 1), message: `it's "so"  ` }]);
  const fewer = new Map([...loaded].slice(1, 3));
  fewer.set('{"k":"A"}', [{ ...entry('{"k":"A"}', 4), letters: 1 }]);
  await change(loaded, fewer);
  const left = [...((await keys.load(session, null)).get('t') ?? [])];
  expect(left.map(([key, [one]]) => [key, one?.offset, one?.letters])).toEqual([
    ['{"k":0}', 2, 3],
    ['{"k":"A"}', 4, 1],
  ]);
  const other = new ParkedKeys(target.dialect, 'another', 'main');
  expect((await other.load(session, null)).size).toBe(0);
  await session.close();
});
