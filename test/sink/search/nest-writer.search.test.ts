import { expect, test } from 'vitest';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import { randomFrom } from '../../support/ledger-load.ts';
import {
  cutOffClient,
  nestedHistory,
  nestedPartitions,
  readNested,
} from '../../support/nested-history.ts';
import { nestedTopics } from '../../support/nested-topics.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { scanIndex } from '../../support/search-sink.ts';
import { sharedSearch } from '../../support/search-server.ts';

const search = await sharedSearch();
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const RUNS = ALL ? 6 : 1;
const RUNNING = new AbortController().signal;

test(
  `four tasks at once, cut off, repeated: index = SELECT (seed ${SEED}; S6, S8)`,
  async () => {
    for (let run = 0; run < RUNS; run++) {
      const random = randomFrom(SEED + run);
      const topics = nestedTopics(`history_${run}`);
      const { nest, index } = topics;
      const { records, expected } = nestedHistory(topics, random, 40);
      const open = async (): Promise<SearchClient> =>
        cutOffClient(await openSearchClient(searchConnection(search.url), RUNNING), random);
      const parts = nestedPartitions(records);
      await Promise.all(parts.map((part) => readNested(open, nest, part, random)));
      expect(await scanIndex(search, index), `seed ${SEED + run}`).toEqual(expected);
      for (const part of parts) await readNested(open, nest, part.slice(0, 10), random);
      expect(await scanIndex(search, index), `late, seed ${SEED + run}`).toEqual(expected);
    }
  },
  60_000 * RUNS + 60_000,
);
