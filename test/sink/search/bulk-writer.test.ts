import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { BulkPace } from '../../../src/sink/search/bulk-pace.ts';
import { type BulkAction, BulkWriter } from '../../../src/sink/search/bulk-writer.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { bulkItems, ScriptedSearch } from '../../support/scripted-search.ts';

const signal = new AbortController().signal;
const OPTIONS = { ...SEARCH_SINK_DEFAULTS, retryBackoffMs: 1, inFlight: 1, maxRetries: 2 };

function writer(client: ScriptedSearch, options = {}): { bulk: BulkWriter; pace: BulkPace } {
  const pace = new BulkPace(1024 * 1024);
  const all = { ...OPTIONS, ...options };
  return { bulk: new BulkWriter({ client, pace, clock: systemClock, options: all }), pace };
}

function action(name: string): BulkAction {
  return { line: `{"index":{"_id":"${name}"}}`, document: () => `{"name":"${name}"}` };
}

const idsOf = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /"_id":"(\w+)"/.exec(line)?.[1] ?? []);

/** A server that answers when it is let: all is done then. */
function held(): { readonly client: ScriptedSearch; readonly open: (() => void)[] } {
  const open: (() => void)[] = [];
  const client = new ScriptedSearch(() => ({ body: { errors: false } }));
  const request = client.request.bind(client);
  client.request = async (...asked) => {
    const answer = await request(...asked);
    await new Promise<void>((resolve) => open.push(resolve));
    return answer;
  };
  return { client, open };
}

test('each item has its own outcome; what had no room is sent again alone (S9)', async () => {
  const client = new ScriptedSearch((_request, number) =>
    number === 0
      ? bulkItems(
          { status: 201 },
          { status: 409, type: 'version_conflict_engine_exception' },
          { status: 429, type: 'es_rejected_execution_exception' },
          { status: 400, type: 'document_parsing_exception' },
          { status: 503, type: 'unavailable_shards_exception' },
          { action: 'delete', status: 404 },
        )
      : bulkItems({ status: 200 }, { status: 409, type: 'version_conflict_engine_exception' }),
  );
  const { bulk, pace } = writer(client);
  const before = pace.bytes;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const outcomes = await bulk.write(names.map(action), signal);
  expect(outcomes.map(({ kind }) => kind)).toEqual([
    'done',
    'newer',
    'done',
    'refused',
    'newer',
    'missing',
  ]);
  expect(client.requests.map(({ lines }) => idsOf(lines))).toEqual([names, ['c', 'e']]);
  expect(outcomes[3]).toMatchObject({
    error: { code: 'SINK_RECORD', message: 'document_parsing_exception: because of 400' },
  });
  expect(pace.bytes).toBeLessThan(before);
});

test('a server that stays full is an error that passes; one without a right is none', async () => {
  const busy = new ScriptedSearch(() => ({ status: 429, retryAfterMs: 1 }));
  const error = await writer(busy)
    .bulk.write([action('a')], signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'SINK_SERVER', retry: 'backoff' });
  expect(busy.requests).toHaveLength(1 + OPTIONS.maxRetries);

  const forbidden = new ScriptedSearch(() =>
    bulkItems({ status: 403, type: 'security_exception' }),
  );
  await expect(writer(forbidden).bulk.write([action('a')], signal)).rejects.toMatchObject({
    code: 'SINK_AUTH',
  });
  const blocked = new ScriptedSearch(() =>
    bulkItems({ status: 403, type: 'cluster_block_exception' }),
  );
  await expect(writer(blocked).bulk.write([action('a')], signal)).rejects.toMatchObject({
    code: 'SINK_SERVER',
    cure: expect.stringContaining('read_only_allow_delete') as string,
  });
});

test('a body that is too large is halved, down to the document that is it', async () => {
  const client = new ScriptedSearch(({ lines }) => {
    const ids = idsOf(lines);
    if (ids.includes('large') || ids.length > 2) return { status: 413 };
    return bulkItems(...ids.map(() => ({ status: 201 })));
  });
  const names = ['a', 'b', 'large', 'c', 'd'];
  const outcomes = await writer(client).bulk.write(names.map(action), signal);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'refused', 'done', 'done']);
  expect(outcomes[2]).toMatchObject({
    error: { message: expect.stringMatching(/document of \d+ bytes is too large/) as string },
  });
});

test('an answer that is short of items, and an index that is gone, are no success', async () => {
  const short = new ScriptedSearch(() => bulkItems({ status: 201 }));
  await expect(writer(short).bulk.write([action('a'), action('b')], signal)).rejects.toMatchObject({
    code: 'SINK_SERVER',
  });
  const gone = new ScriptedSearch(() =>
    bulkItems({ status: 404, type: 'index_not_found_exception' }),
  );
  await expect(writer(gone).bulk.write([action('a')], signal)).rejects.toMatchObject({
    code: 'SINK_SERVER',
  });
});

test('bulks are bounded by documents and bytes; what cannot be written is no request', async () => {
  const client = new ScriptedSearch(({ lines }) =>
    bulkItems(...idsOf(lines).map(() => ({ status: 201 }))),
  );
  const names = Array.from({ length: 7 }, (_, i) => `n${i}`);
  const broken: BulkAction = {
    line: '{"index":{"_id":"x"}}',
    document: () => {
      throw new TidemarkError('VALUE_CONVERSION', 'price: no number');
    },
  };
  const { bulk } = writer(client, { bulkActions: 3, inFlight: 2 });
  const outcomes = await bulk.write([broken, ...names.map(action)], signal);
  expect(outcomes[0]).toMatchObject({ kind: 'refused', error: { code: 'VALUE_CONVERSION' } });
  expect(client.requests.flatMap(({ lines }) => idsOf(lines)).toSorted()).toEqual(names);
  expect(client.requests.map(({ lines }) => idsOf(lines).length)).toEqual([3, 3, 1]);
});

test('the next bulk is made while the server has the one before, and no more of them', async () => {
  const made = { actions: 0 };
  const names = Array.from({ length: 6_000 }, (_, i) => `n${i}`);
  const actions = names.map((name): BulkAction => {
    const { line } = action(name);
    return { line, document: () => (made.actions++, '{}') };
  });
  const seen: { readonly sent: number; readonly made: number }[] = [];
  const { client, open } = held();
  const writing = writer(client, { inFlight: 2 }).bulk.write(actions, signal);
  for (let sent = 2; sent <= 4; sent++) {
    await expect.poll(() => open.length).toBe(2);
    // A turn later it stays so: two are under way and one is ready.
    await expect.poll(() => made.actions).toBe(Math.min(sent + 1, 4) * 1500);
    seen.push({ sent: client.requests.length, made: made.actions });
    open.shift()?.();
  }
  await expect.poll(() => open.length).toBe(1);
  open.shift()?.();
  const outcomes = await writing;
  expect(seen).toEqual([
    { sent: 2, made: 4500 },
    { sent: 3, made: 6000 },
    { sent: 4, made: 6000 },
  ]);
  expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
  expect(client.requests.flatMap(({ lines }) => idsOf(lines)).toSorted()).toEqual(names.toSorted());
});

test('few documents are one bulk, and memory of a body that failed is not used again', async () => {
  let fails = true;
  const client = new ScriptedSearch(() => (fails ? { status: 429 } : { body: { errors: false } }));
  const { bulk } = writer(client, { inFlight: 5, maxRetries: 0 });
  await expect(bulk.write([action('a')], signal)).rejects.toThrow('429');
  fails = false;
  const names = Array.from({ length: 400 }, (_, i) => `n${i}`);
  for (let round = 0; round < 3; round++) await bulk.write(names.map(action), signal);
  expect(client.requests.map(({ lines }) => lines.length)).toEqual([2, 800, 800, 800]);
  expect(client.requests.slice(1).map(({ lines }) => idsOf(lines))).toEqual([names, names, names]);
});

test('who is told that there is room writes more, and all bulks together are no more', async () => {
  const { client, open } = held();
  const { bulk } = writer(client, { bulkActions: 2, inFlight: 2 });
  const sent = (): string[][] => client.requests.map(({ lines }) => idsOf(lines));
  const later: Promise<unknown>[] = [];
  const spare = (): void => {
    later.push(bulk.write(['e', 'f', 'g'].map(action), signal));
  };
  const first = bulk.write(['a', 'b', 'c', 'd'].map(action), signal, spare);
  await expect.poll(() => open.length).toBe(2);
  expect(sent()).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(later).toEqual([]);
  open.shift()?.();
  // The second one of the first call is under way still.
  await expect.poll(() => open.length).toBe(2);
  expect(later).toHaveLength(1);
  expect(sent()[2]).toEqual(['e', 'f']);
  open.shift()?.();
  await first;
  await expect.poll(() => open.length).toBe(2);
  for (const answer of open.splice(0)) answer();
  await Promise.all(later);
  expect(sent()[3]).toEqual(['g']);
});

test('there is room at once behind few documents, and none behind a failure', async () => {
  const told: string[] = [];
  const few = held();
  const writing = writer(few.client, { inFlight: 2 }).bulk.write([action('a')], signal, () =>
    told.push('few'),
  );
  await expect.poll(() => few.open.length).toBe(1);
  await expect.poll(() => told).toEqual(['few']);
  few.open.shift()?.();
  await writing;
  const busy = new ScriptedSearch(() => ({ status: 429 }));
  const { bulk } = writer(busy, { maxRetries: 0 });
  await expect(bulk.write([action('a')], signal, () => told.push('busy'))).rejects.toThrow('429');
  expect(told).toEqual(['few']);
});
