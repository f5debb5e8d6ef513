import { expect, inject, test } from 'vitest';
import type { CheckFindings } from '../../src/runtime/check-findings.ts';
import { inspectSearchTarget, type SearchTarget } from '../../src/runtime/search-target-check.ts';
import { openSearchClient } from '../../src/sink/search/open-search-client.ts';
import type { SearchLogin } from '../../src/sink/search/search-connection.ts';
import { eventually } from '../support/eventually.ts';
import { searchConnection } from '../support/search-connection.ts';
import { askSearch, sharedSearch, startSearch } from '../support/search-server.ts';

const { series } = inject('search');
const search = await sharedSearch();
const signal = new AbortController().signal;

async function found(
  indices: readonly string[],
  others: Partial<SearchTarget> = {},
  { url = search.url, login = { kind: 'none' } }: { url?: string; login?: SearchLogin } = {},
): Promise<CheckFindings> {
  await using client = await openSearchClient(searchConnection(url, { login }), signal);
  const target = { indices, create: true, gcDeletesMs: 60_000, ...others };
  return await inspectSearchTarget(client, target, signal);
}

async function made(index: string, body: object): Promise<void> {
  expect((await askSearch(search, 'PUT', `/${index}`, body)).status).toBe(200);
}

test('a cluster as it should be', async () => {
  await made('fit', { mappings: { properties: { id: { type: 'long' } } } });
  expect(await found(['fit', 'to-be-made'])).toEqual({ problems: [], warnings: [] });
});

test('an index that is not there and is not to be made', async () => {
  expect(await found(['nowhere'], { create: false })).toMatchObject({
    problems: [{ code: 'SINK_SCHEMA', message: 'the index nowhere is not there' }],
  });
});

test.each(['read_only', 'read_only_allow_delete', 'write'])(
  'an index with the block %s, and the cure takes it off',
  async (block) => {
    const index = `blocked-${block.replaceAll('_', '-')}`;
    await made(index, {});
    const setting = (value: boolean | null): Promise<unknown> =>
      askSearch(search, 'PUT', `/${index}/_settings`, { [`index.blocks.${block}`]: value });
    await setting(true);
    const { problems } = await found([index]);
    expect(problems).toMatchObject([
      { message: `the index ${index} takes no writes (index.blocks.${block})` },
    ]);
    const [, path = '', body = ''] = /^PUT (\S+) (.*)$/.exec(problems[0]?.cure ?? '') ?? [];
    const cured = await askSearch(search, 'PUT', path, JSON.parse(body) as unknown);
    expect(cured.status).toBe(200);
    expect(await found([index])).toEqual({ problems: [], warnings: [] });
  },
);

test('fields are counted as the server counts them', async () => {
  const properties = {
    id: { type: 'long' },
    name: { type: 'text', fields: { raw: { type: 'keyword' } } },
    place: { properties: { lat: { type: 'double' }, lon: { type: 'double' } } },
  };
  const limited = (limit: number): object => ({
    settings: { 'index.mapping.total_fields.limit': limit },
    mappings: { properties },
  });
  // Six: one less is refused.
  expect((await askSearch(search, 'PUT', '/too-many-fields', limited(5))).status).toBe(400);
  await made('many-fields', limited(6));
  expect((await found(['many-fields'])).warnings).toEqual([
    'the index many-fields has 6 fields of 6 (index.mapping.total_fields.limit)',
  ]);
  await made('few-fields', limited(7));
  expect((await found(['few-fields'])).warnings).toEqual([]);
});

test('an index that forgets deletes too soon (PITFALLS S8)', async () => {
  await made('forgetful', { settings: { 'index.gc_deletes': '90s' } });
  expect(await found(['forgetful'], { gcDeletesMs: 3_600_000 })).toMatchObject({
    problems: [],
    warnings: [expect.stringMatching(/^the index forgetful forgets deletes after 90 s/)],
  });
  expect((await found(['forgetful'])).warnings).toEqual([]);
});

test('an alias needs one index to write', async () => {
  for (const index of ['behind-1', 'behind-2']) await made(index, { aliases: { front: {} } });
  expect(await found(['front'])).toMatchObject({
    problems: [
      { code: 'SINK_SCHEMA', message: expect.stringContaining('behind-1, behind-2') as string },
    ],
  });
  await askSearch(search, 'POST', '/_aliases', {
    actions: [{ add: { index: 'behind-2', alias: 'front', is_write_index: true } }],
  });
  expect(await found(['front'])).toEqual({ problems: [], warnings: [] });
});

test('a cluster that is read only or has no room, and who may not write', async () => {
  const secured = series.startsWith('elasticsearch');
  const writer = { password: 'secret2', indices: ['mine*'] };
  await using own = await startSearch(
    series,
    secured ? { password: 'secret1', users: { writer } } : {},
  );
  const { url } = own;
  const login: SearchLogin = secured
    ? { kind: 'basic', user: 'elastic', password: 'secret1' }
    : { kind: 'none' };
  const set = (settings: object): Promise<unknown> =>
    askSearch(own, 'PUT', '/_cluster/settings', { transient: settings });

  expect(await found(['mine'], {}, { url, login })).toEqual({ problems: [], warnings: [] });
  // It makes an index of its users when it is up, and cannot tell their rights meanwhile.
  if (secured) await eventually(() => asWriter(url, writer.password));

  await set({ 'cluster.blocks.read_only_allow_delete': true });
  expect((await found([], {}, { url, login })).problems).toMatchObject([
    { message: 'the cluster takes no writes (cluster.blocks.read_only_allow_delete)' },
  ]);
  await set({ 'cluster.blocks.read_only_allow_delete': null });

  const disk = 'cluster.routing.allocation.disk';
  const watermarks = (high: string, flood: string): object => ({
    [`${disk}.threshold_enabled`]: true,
    [`${disk}.watermark.low`]: '0%',
    [`${disk}.watermark.high`]: high,
    [`${disk}.watermark.flood_stage`]: flood,
  });
  await set(watermarks('0%', '100%'));
  const { problems, warnings } = await found([], {}, { url, login });
  expect(problems).toEqual([]);
  expect(warnings).toMatchObject([expect.stringMatching(/the disk of the node node is \d+ %/)]);
  await set(watermarks('0%', '0%'));
  expect(await found([], {}, { url, login })).toMatchObject({
    problems: [{ code: 'SINK_SERVER', cure: expect.stringContaining('add a node') as string }],
    warnings: [],
  });
});

/** Whose role has indices and nothing of the cluster. */
async function asWriter(url: string, password: string): Promise<void> {
  const login = { kind: 'basic', user: 'writer', password } as const;
  const warnings = ['the cluster does not tell its version: taken for elasticsearch 8'];
  expect(await found(['mine'], {}, { url, login })).toEqual({ problems: [], warnings });
  expect(await found(['mine', 'theirs'], {}, { url, login })).toMatchObject({
    problems: [
      {
        code: 'SINK_AUTH',
        message: expect.stringMatching(
          /^writer lacks rights to the index theirs: index, /,
        ) as string,
      },
    ],
    warnings,
  });
}
