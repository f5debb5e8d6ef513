import { expect, test, vi } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import { MemorySearch } from '../../support/memory-search.ts';
import { seededNumbers } from '../../support/random-history.ts';
import { placed, TestedSearchSink } from '../../support/search-sink.ts';
import { named, namedTopic } from '../../support/search-topics.ts';
import { positionsOf } from '../../support/sink-records.ts';

const signal = new AbortController().signal;
const TRIES = 50;

/** What was on its way at once. */
class Overlaps {
  /** Numbers of puts, two of which were on their way together. */
  readonly puts: (readonly [number, number])[] = [];
  /** Documents that two requests had at once. */
  readonly shared: string[] = [];
  requests = 0;
  readonly #underWay = new Set<readonly string[]>();

  /** `putOf`: of the records with that text which put they stand in. */
  watch(client: SearchClient, putOf: (name: string) => number): SearchClient {
    const request: SearchClient['request'] = async (method, path, body, aborted) => {
      if (!path.startsWith('/_bulk')) return client.request(method, path, body, aborted);
      const text = Buffer.concat(body as readonly Buffer[]).toString();
      this.requests++;
      const ids = [...text.matchAll(/"_id":"(\w+)"/g)].map(([, id = '']) => id);
      const puts = [...text.matchAll(/"name":"(\w+)"/g)].map(([, name = '']) => putOf(name));
      for (const other of this.#underWay) {
        this.shared.push(...ids.filter((id) => other.includes(id)));
        const [one] = other.flatMap((known) => /^put(\d+)$/.exec(known)?.[1] ?? []);
        const [two] = puts;
        if (one !== undefined && two !== undefined && Number(one) !== two)
          this.puts.push([Number(one), two]);
      }
      const mine = [...ids, ...puts.map((put) => `put${put}`)];
      this.#underWay.add(mine);
      try {
        return await client.request(method, path, body, aborted);
      } finally {
        this.#underWay.delete(mine);
      }
    };
    return { product: client.product, request, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

/** Slices of a random history of rows; each row's name tells the slice. */
function history(seed: number, index: ReturnType<typeof namedTopic>): readonly SinkRecord[][] {
  const random = seededNumbers(seed);
  const { topic } = index;
  return Array.from({ length: 30 }, (_, put) =>
    Array.from({ length: 1 + random(25) }, () => {
      const row = named(random(80), `p${put}`);
      return placed(random(4) === 0 ? topic.delete(row) : topic.update(row));
    }),
  );
}

/** The last change of each row, as a document. */
function rowsOf(records: readonly SinkRecord[]): Readonly<Record<string, object>> {
  const rows: Record<string, object> = {};
  for (const { key, value } of records) {
    const id = JSON.stringify(key?.values[0]);
    const after = value?.values[1] as { values: readonly unknown[] } | null;
    if (after === null) delete rows[id];
    else rows[id] = { id: after.values[0], name: after.values[1], note: after.values[2] };
  }
  return rows;
}

test('puts that are begun early, cut off and tried again end as one behind the other', async () => {
  const overlaps = new Overlaps();
  for (let seed = 1; seed <= 30; seed++) {
    const told = namedTopic(`ahead_${seed}`);
    const slices = history(seed, told);
    const random = seededNumbers(seed + 1_000);
    const memory = new MemorySearch();
    const client = memory.client((request) => {
      if (!request.includes('/_bulk') || random(8) > 0) return null;
      return random(2) === 0 ? 'before' : 'after';
    });
    const watched = overlaps.watch(client, (name) => Number(name.slice(1)));
    const open = (): Promise<SearchClient> => Promise.resolve(watched);
    const { sink } = new TestedSearchSink(open, { inFlight: 2, bulkActions: 4 });
    for (const [i, slice] of slices.entries()) {
      // As the runner does it: what was looked at is what is put next, unless this one fails.
      const ahead = (later: () => void): readonly SinkRecord[] | null => {
        // At times too few wait when it is asked, and enough while the put is under way, or after.
        const isLate = random(3) === 0;
        if (isLate) setImmediate(later);
        return isLate ? null : (slices[i + 1] ?? null);
      };
      for (let tries = 0; ; tries++) {
        try {
          await sink.put(slice, positionsOf(slice), signal, ahead);
          break;
        } catch (error) {
          if (tries > TRIES) throw error;
        }
      }
    }
    expect(memory.documents(told.index), `seed ${seed}`).toEqual(rowsOf(slices.flat()));
  }
  expect(overlaps.shared).toEqual([]);
  expect(overlaps.puts.length).toBeGreaterThan(100);
  expect(overlaps.puts.every(([one, two]) => Math.abs(one - two) === 1)).toBe(true);
});

test('what was begun is not sent again, and another put than that has nothing of it', async () => {
  const overlaps = new Overlaps();
  const told = namedTopic('begun');
  const memory = new MemorySearch();
  const watched = overlaps.watch(memory.client(), (name) => Number(name.slice(1)));
  const { sink } = new TestedSearchSink(() => Promise.resolve(watched), { inFlight: 2 });
  const { topic, index } = told;
  const slices = [1, 2, 3, 4].map((id) => [placed(topic.insert(named(id, `p${id}`)))]);
  const [first = [], second = [], third = [], fourth = []] = slices;
  const put = (slice: SinkRecord[], next: SinkRecord[] | null): Promise<unknown> =>
    sink.put(slice, positionsOf(slice), signal, () => next);
  await put(first, second);
  await put(second, third);
  // Between two puts the runner asks for more than puts.
  await sink.fitting(signal);
  await put(third, null);
  expect(overlaps.requests).toBe(3);
  expect(overlaps.puts).toEqual([
    [1, 2],
    [2, 3],
  ]);
  // Begun with, and put in another company, as when a partition has gone: sent again, to no harm.
  await put(fourth, slices.flat());
  await put([...first], null);
  expect(overlaps.requests).toBe(5);
  expect(Object.keys(memory.documents(index))).toEqual(['1', '2', '3', '4']);
});

test('what comes to wait during a put is begun with, and nothing is after its end', async () => {
  const told = namedTopic('later');
  const memory = new MemorySearch();
  const requests: string[] = [];
  const answers: (() => void)[] = [];
  const client = memory.client();
  const held: SearchClient = {
    product: client.product,
    request: async (method, path, body, aborted) => {
      if (path.startsWith('/_bulk')) {
        requests.push(path);
        await new Promise<void>((resolve) => answers.push(resolve));
      }
      return client.request(method, path, body, aborted);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { sink } = new TestedSearchSink(() => Promise.resolve(held), { inFlight: 2 });
  const { topic, index } = told;
  const slices = [1, 2, 3].map((id) => [placed(topic.insert(named(id, `p${id}`)))]);
  const [first = [], second = [], third = []] = slices;
  const asked: (() => void)[] = [];
  let waiting: readonly SinkRecord[] | null = null;
  const ahead = (later: () => void): readonly SinkRecord[] | null => {
    asked.push(later);
    return waiting;
  };
  const put = (slice: SinkRecord[]): Promise<unknown> =>
    sink.put(slice, positionsOf(slice), signal, ahead);
  const one = put(first);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(requests).toHaveLength(1);
  waiting = second;
  asked[0]?.();
  // While the first has no answer.
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  waiting = null;
  answers.forEach((answer) => answer());
  await one;
  const two = put(second);
  await two;
  expect(requests).toHaveLength(2);
  waiting = third;
  asked.forEach((later) => later());
  expect(requests).toHaveLength(2);
  const three = put(third);
  await vi.waitFor(() => expect(answers).toHaveLength(3));
  answers[2]?.();
  await three;
  expect(requests).toHaveLength(3);
  expect(Object.keys(memory.documents(index))).toEqual(['1', '2', '3']);
});
