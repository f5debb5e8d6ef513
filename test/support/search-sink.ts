import { onTestFinished } from 'vitest';
import { type FaultHook, noFaults } from '../../src/foundation/fault-points.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { formatPosition } from '../../src/model/change-position.ts';
import type { DeadLetter } from '../../src/model/dead-letter.ts';
import type { AskReread } from '../../src/model/table-reread.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { openSearchClient } from '../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../src/sink/search/search-client.ts';
import { SearchSink } from '../../src/sink/search/search-sink.ts';
import {
  SEARCH_SINK_DEFAULTS,
  type SearchSinkOptions,
} from '../../src/sink/search/search-sink-options.ts';
import { searchConnection } from './search-connection.ts';
import { askSearch, type SearchAddress } from './search-server.ts';
import { positionsOf } from './sink-records.ts';

const RUNNING = new AbortController().signal;

/** A sink task of a test, with what it told. */
export class TestedSearchSink {
  readonly sink: SearchSink;
  readonly letters: DeadLetter[] = [];
  readonly warnings: string[] = [];
  readonly told: string[] = [];
  /** Once dead letters are durable: it is cut off there. */
  fails: Error | null = null;

  constructor(
    open: () => Promise<SearchClient>,
    options: Partial<SearchSinkOptions> = {},
    reread: AskReread | null = null,
    fault: FaultHook = noFaults,
  ) {
    const all = { ...SEARCH_SINK_DEFAULTS, name: 'search', ...options };
    this.sink = new SearchSink(all, {
      open,
      clock: systemClock,
      send: (letters) => {
        this.letters.push(...letters);
        return this.fails === null ? Promise.resolve() : Promise.reject(this.fails);
      },
      warn: (text) => this.warnings.push(text),
      tell: (statement) => this.told.push(statement),
      fault,
      reread,
    });
    onTestFinished(() => this.sink[Symbol.asyncDispose]());
  }

  async put(...records: readonly SinkRecord[]): Promise<void> {
    await this.sink.put(records, positionsOf(records), RUNNING);
  }
}

/** A sink into a real server. */
export function searchSinkInto(
  { url }: SearchAddress,
  options: Partial<SearchSinkOptions> = {},
  reread: AskReread | null = null,
  fault: FaultHook = noFaults,
): TestedSearchSink {
  const open = (): Promise<SearchClient> => openSearchClient(searchConnection(url), RUNNING);
  return new TestedSearchSink(open, options, reread, fault);
}

/** The same record, standing in its source where its number in the log says. */
export function placed(record: SinkRecord): SinkRecord {
  const commit = BigInt(0x10_0000 + record.sequence * 0x100);
  return { ...record, position: formatPosition({ epoch: 1, commit, ordinal: 1 }) };
}

/** A document as a scan finds it, not by way of the program under test. */
export interface FoundDocument {
  readonly id: string;
  readonly version: number;
  readonly source: Readonly<Record<string, unknown>>;
}

interface ScannedPage {
  readonly _scroll_id: string;
  readonly hits: {
    readonly hits: readonly { readonly _id: string; readonly _source: FoundDocument['source'] }[];
  };
}

const PAGE = 5_000;

/** All documents of an index, by id. */
export async function scanIndex(
  search: SearchAddress,
  index: string,
): Promise<Readonly<Record<string, FoundDocument['source']>>> {
  await askSearch(search, 'POST', `/${index}/_refresh`);
  const found: Record<string, FoundDocument['source']> = {};
  const first = { size: PAGE, sort: ['_doc'] };
  let { status, body } = await askSearch(search, 'POST', `/${index}/_search?scroll=1m`, first);
  while (status === 200) {
    const { _scroll_id: scroll, hits } = body as ScannedPage;
    for (const { _id, _source } of hits.hits) found[_id] = _source;
    // Scrolls are few on a server, and most indices are one page.
    if (hits.hits.length < PAGE) {
      await askSearch(search, 'DELETE', '/_search/scroll', { scroll_id: scroll });
      break;
    }
    const next = { scroll: '1m', scroll_id: scroll };
    ({ status, body } = await askSearch(search, 'POST', '/_search/scroll', next));
  }
  return found;
}
