import { expect, test } from 'vitest';
import { randomFrom } from '../../support/ledger-load.ts';
import { MemorySearch } from '../../support/memory-search.ts';
import {
  cutOffClient,
  nestedHistory,
  nestedPartitions,
  readNested,
} from '../../support/nested-history.ts';
import { line, nestedTopics, order } from '../../support/nested-topics.ts';
import { placed, TestedSearchSink } from '../../support/search-sink.ts';

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const RUNS = ALL ? 300 : 30;

test(`four tasks at once, cut off, repeated: index = SQL (seed ${SEED}; S6, S8)`, async () => {
  for (let run = 0; run < RUNS; run++) {
    const random = randomFrom(SEED + run);
    const { nest, index, ...topics } = nestedTopics('model');
    const { records, expected } = nestedHistory({ nest, index, ...topics }, random, 40);
    const server = new MemorySearch();
    const open = () => Promise.resolve(cutOffClient(server.client(), random));
    const parts = nestedPartitions(records);
    await Promise.all(parts.map((part) => readNested(open, nest, part, random)));
    expect(server.documents(index), `seed ${SEED + run}`).toEqual(expected);

    // A member that was thought dead writes what it has of long ago.
    for (const part of parts) await readNested(open, nest, part.slice(0, 10), random);
    expect(server.documents(index), `late, seed ${SEED + run}`).toEqual(expected);
  }
});

test('ten thousand rows of one document, in bounded pieces; one more is refused', async () => {
  const { orders, lines, nest, index } = nestedTopics('large');
  const server = new MemorySearch();
  const tested = new TestedSearchSink(() => Promise.resolve(server.client()), {
    nests: [nest],
    park: 'record',
  });
  await tested.put(placed(orders.insert(order(1, 'one'))));
  for (let at = 0; at < 10_001; at += 5_000) {
    const some = Array.from({ length: Math.min(5_000, 10_001 - at) }, (_, i) => at + i);
    await tested.put(...some.map((id) => placed(lines.insert(line(id, 1, 's')))));
  }
  const { lines: rows } = server.documents(index)['1'] as { lines: readonly { id: number }[] };
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(tested.letters.map(({ error }) => error.message)).toEqual([
    expect.stringContaining('has 10000 rows'),
  ]);
});
