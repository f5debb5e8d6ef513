import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import { shapeDifference } from '../../src/evolution/shape-difference.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { ShapeVerdicts } from '../../src/runtime/shape-verdicts.ts';
import { envelopeOptionsOf } from '../../src/runtime/source-options.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';
import { column, schemaOf, shape } from '../support/shape-fixtures.ts';

const search = await sharedSearch();
const int: ConnectSchema = { type: 'int32', optional: true };
const text: ConnectSchema = { type: 'string', optional: true };
const key: ConnectSchema = { type: 'int32', optional: false };
const BEFORE = schemaOf({ id: key, a: int });
const CHANGES = shapeDifference(
  shape([column('id'), column('a')]),
  shape([column('id'), column('a', { type: 'text' })]),
);

test('what each policy of an index makes of a new field, and of a misfit', async () => {
  const prefix = `v${randomBytes(6).toString('hex')}`;
  const policies = ['alert', 'hold', 'reindex'] as const;
  const sinks = policies.map((policy) => ({
    name: policy,
    'connector.class': search.series.startsWith('opensearch') ? 'opensearch' : 'elasticsearch',
    'connection.url': search.url,
    'index.name.format': `${prefix}_${policy}`,
    'schema.evolution.policy': policy,
  }));
  const config = parsedPipeline({ source: { 'topic.prefix': 'shop' }, sinks });
  const verdicts = new ShapeVerdicts({
    config,
    envelope: envelopeOptionsOf(config.source),
    builtIn: new EmbeddedRegistry(new MemoryDocuments()),
    clock: systemClock,
    askingMs: 30_000,
  });
  for (const policy of policies) {
    const properties = { id: { type: 'integer' }, a: { type: 'integer' } };
    await askSearch(search, 'PUT', `/${prefix}_${policy}`, { mappings: { properties } });
  }
  const fates = async (after: typeof BEFORE) => {
    const { sinks: found } = await verdicts.judge(CHANGES, BEFORE, after, null);
    return found;
  };
  const told = async (after: typeof BEFORE): Promise<readonly string[]> =>
    (await fates(after)).map(({ sink, text: what }) => `${sink} ${what.replaceAll(prefix, 'v')}`);
  expect(await told(BEFORE)).toEqual(
    policies.map((policy) => `${policy} takes it in v_${policy} as it is`),
  );
  expect(await told(schemaOf({ id: key, a: int, b: text }))).toEqual(
    policies.map((policy) => `${policy} alters v_${policy}: new fields`),
  );
  const misfit = schemaOf({ id: key, a: text });
  expect(await told(misfit)).toEqual([
    expect.stringMatching(/^alert parks the records of v_alert: .*a as text: a integer does not/),
    expect.stringMatching(/^hold holds the records of v_hold: .*a as text: a integer does not/),
    // No index of somebody else is replaced.
    expect.stringMatching(/^reindex holds the records of v_reindex: .*made by somebody else$/),
  ]);
  expect((await fates(misfit)).map(({ outcome }) => outcome)).toEqual(['parks', 'holds', 'holds']);
});
