import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { type DocumentChange, documentChanges } from '../../../src/sink/search/document-change.ts';
import type { RefusedChange } from '../../../src/sink/search/document-writer.ts';
import { FoldedChanges } from '../../../src/sink/search/folded-changes.ts';
import { isolatedKeys } from '../../../src/sink/search/isolated-keys.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const OPTIONS = { ...SEARCH_SINK_DEFAULTS, name: 's' };
const error = new TidemarkError('SINK_RECORD', 'it does not fit');

const changesOf = (record: SinkRecord): readonly DocumentChange[] =>
  documentChanges(record, 'i', OPTIONS);

/** What becomes of records whose folded changes were all refused; `bad` names are. */
async function isolated(records: readonly SinkRecord[]) {
  const folded = new FoldedChanges();
  for (const record of records) for (const one of changesOf(record)) folded.add(one);
  const written: string[] = [];
  const write = (changes: readonly DocumentChange[]): Promise<RefusedChange[]> => {
    const refused = changes.filter(({ row }) => row?.values[1] === 'bad');
    for (const change of changes) {
      const { id, effect, row } = change;
      if (!refused.includes(change)) written.push(`${effect} ${id} ${JSON.stringify(row?.values)}`);
    }
    return Promise.resolve(refused.map((change) => ({ change, error })));
  };
  const all = folded.all().map((change) => ({ change, error }));
  const found = await isolatedKeys(all, { changesOf, write });
  return { refused: found.map(({ record }) => record.offset), written };
}

test('what stands behind a refused record of its key is not applied, others are', async () => {
  const { topic } = namedTopic('isolated');
  const { refused, written } = await isolated([
    topic.insert(named(1, 'a')),
    topic.insert(named(2, 'b')),
    topic.update(named(1, 'bad')),
    topic.update(named(2, 'c')),
    topic.update(named(1, 'd')),
  ]);
  expect(refused).toEqual([2]);
  expect(written).toEqual(['write 1 [1,"a",null]', 'write 2 [2,"b",null]', 'write 2 [2,"c",null]']);
});

test('a row that moved takes along what it was, though its document is gone', async () => {
  const { topic } = namedTopic('isolated');
  const row = named(1, 'a', 'kept');
  const { refused, written } = await isolated([
    topic.insert(row),
    ...topic.move(row, named(2, 'b'), ['note']),
    topic.update(named(2, 'bad'), null, ['note']),
  ]);
  expect(refused).toEqual([4]);
  expect(written).toContain('write 2 [2,"b","kept"]');
  expect(written.some((one) => one.startsWith('delete 1'))).toBe(true);
});
