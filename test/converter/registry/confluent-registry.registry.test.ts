import { SchemaRegistry as KafkaJsRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { describe, expect, test } from 'vitest';
import type { RegistrySettings } from '../../../src/config/registry-options.ts';
import { JsonSchemaConverter } from '../../../src/converter/json-schema-converter.ts';
import { ConfluentRegistry } from '../../../src/converter/registry/confluent-registry.ts';
import type { SchemaVerdict } from '../../../src/converter/registry/schema-verdict.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { startRegistryFront } from '../../support/registry-front.ts';
import { sharedRegistry, startRegistry } from '../../support/registry-server.ts';
import { registrySettingsFor } from '../../support/registry-settings.ts';

const shared = sharedRegistry();

let made = 0;
/** Slash, colon, blank and percent have to be encoded in a path (C40). */
const newSubject = (): string => `r/${process.pid}:${made++} of 100% ü-value`;

const row = (...fields: readonly string[]): string =>
  `{"type":"record","name":"V","namespace":"t","fields":[${fields.join(',')}]}`;
const A_INT = '{"name":"a","type":"int"}';
const A_TEXT = '{"name":"a","type":"string"}';
const B_OPTIONAL = '{"name":"b","type":["null","int"],"default":null}';

function client(others: Partial<RegistrySettings> = {}, url = shared.url) {
  const verdicts: SchemaVerdict[] = [];
  const settings = registrySettingsFor(url, others);
  const registry = new ConfluentRegistry(settings, (_, verdict) => verdicts.push(verdict));
  return { registry, verdicts };
}

async function rest(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${shared.url}/${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}

const setLevel = (subject: string, compatibility: string): Promise<unknown> =>
  rest('PUT', `config/${encodeURIComponent(subject)}`, { compatibility });

const versionsOf = (subject: string): Promise<unknown> =>
  rest('GET', `subjects/${encodeURIComponent(subject)}/versions`);

describe('the same schema is registered once', () => {
  test('by callers at one time, by a second process, with another layout of its text', async () => {
    const subject = newSubject();
    await using front = await startRegistryFront({ target: shared.origin });
    const { registry } = client({}, `${front.origin}/apis/ccompat/v7`);
    const ids = await Promise.all([1, 2, 3].map(() => registry.register(subject, row(A_INT))));
    expect(new Set(ids).size).toBe(1);
    expect(front.requests.filter(({ path }) => path.endsWith('/versions'))).toHaveLength(1);
    const asked = front.requests.length;
    expect(await registry.register(subject, row(A_INT))).toBe(ids[0]);
    expect(front.requests).toHaveLength(asked);
    const other = client().registry;
    expect(await other.register(subject, row(A_INT))).toBe(ids[0]);
    expect(await other.register(subject, row(A_INT).replaceAll(',', ' , '))).toBe(ids[0]);
    expect(await versionsOf(subject)).toEqual([1]);
  });

  test('by two processes that come at the same moment', async () => {
    const subjects = Array.from({ length: 8 }, newSubject);
    const both = await Promise.all(
      [client(), client()].map(({ registry }) =>
        Promise.all(subjects.map((subject) => registry.register(subject, row(A_TEXT)))),
      ),
    );
    expect(both[0]).toEqual(both[1]);
    for (const subject of subjects) expect(await versionsOf(subject)).toEqual([1]);
  });

  test('the cache has a bound: what it forgot is looked up again', async () => {
    const subject = newSubject();
    await using front = await startRegistryFront({ target: shared.origin });
    const { registry } = client({ cacheSize: 1 }, `${front.origin}/apis/ccompat/v7`);
    const one = await registry.register(subject, row(A_INT));
    await registry.register(newSubject(), row(A_INT));
    const asked = front.requests.length;
    expect(await registry.register(subject, row(A_INT))).toBe(one);
    expect(front.requests.length).toBe(asked + 1);
    const text = await registry.schemaById(one);
    expect(JSON.parse(text)).toEqual(JSON.parse(row(A_INT)));
    await registry.schemaById(one);
    expect(front.requests.length).toBe(asked + 2);
  });
});

describe('a change is judged before it is sent', () => {
  test('one that the level forbids never reaches the registry, and names the field', async () => {
    const subject = newSubject();
    await using front = await startRegistryFront({ target: shared.origin });
    const { registry, verdicts } = client({}, `${front.origin}/apis/ccompat/v7`);
    await registry.register(subject, row(A_INT));
    await setLevel(subject, 'BACKWARD');
    const posts = (): number =>
      front.requests.filter(({ path }) => path.endsWith('/versions')).length;
    const before = posts();
    await expect(registry.register(subject, row(A_TEXT))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('field a was int, is string: BACKWARD forbids it') as string,
      cure: expect.stringContaining(`PUT /config/${encodeURIComponent(subject)}`) as string,
    });
    expect(posts()).toBe(before);
    expect(verdicts).toMatchObject([{ grade: 'breaking' }]);
    await setLevel(subject, 'NONE');
    await registry.register(subject, row(A_TEXT));
    expect(verdicts).toMatchObject([{ grade: 'breaking' }, { grade: 'warning' }]);
  });

  test('our verdict and that of the registry are the same, level by level', async () => {
    const changes = [
      row(A_TEXT),
      row(A_INT, B_OPTIONAL),
      row(),
      row(A_INT, '{"name":"c","type":"int"}'),
    ];
    for (const level of ['BACKWARD', 'FORWARD', 'FULL', 'BACKWARD_TRANSITIVE']) {
      const subject = newSubject();
      const { registry } = client();
      await registry.register(subject, row(A_INT));
      await setLevel(subject, level);
      for (const change of changes) {
        const path = `compatibility/subjects/${encodeURIComponent(subject)}/versions/latest`;
        const theirs = await rest('POST', path, { schema: change });
        const ours = await registry.judge(subject, change, 'AVRO');
        expect({ is_compatible: ours?.grade !== 'breaking' }).toEqual(theirs);
      }
    }
  });

  test('TRANSITIVE levels compare with versions before the latest', async () => {
    const subject = newSubject();
    const { registry } = client();
    await registry.register(subject, row('{"name":"a","type":"string","default":""}'));
    await registry.register(subject, row());
    await setLevel(subject, 'BACKWARD_TRANSITIVE');
    await expect(
      registry.register(subject, row('{"name":"a","type":"int","default":0}')),
    ).rejects.toThrow(/field a was string, is int: .*compared with version 1/);
  });

  test('the level is that of the subject, else the global one (C36)', async () => {
    const subject = newSubject();
    const { registry } = client();
    expect(await registry.compatibility(subject)).toBe('NONE');
    await registry.register(subject, row(A_INT));
    await setLevel(subject, 'FULL_TRANSITIVE');
    expect(await registry.compatibility(subject)).toBe('FULL_TRANSITIVE');
    expect(await registry.compatibility()).toBe('NONE');
  });

  test('what is no schema is refused for good', async () => {
    await expect(client().registry.register(newSubject(), '{"type":"rec')).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
      retry: 'stop',
    });
  });
});

describe('without registration', () => {
  const closed = { autoRegister: false };

  test('a schema that somebody registered is found; another is refused with its text', async () => {
    const subject = newSubject();
    const { registry } = client(closed);
    await expect(registry.register(subject, row(A_INT))).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: expect.stringContaining('the subject has no schema') as string,
      cure: expect.stringContaining(row(A_INT)) as string,
    });
    const id = await client().registry.register(subject, row(A_INT));
    expect(await registry.register(subject, row(A_INT))).toBe(id);
    await expect(registry.register(subject, row(A_TEXT))).rejects.toThrow(
      /its latest version, 1, is another \(field a was int, is string\)/,
    );
    expect(await versionsOf(subject)).toEqual([1]);
  });

  test('use.latest.version takes the latest id when its records have the same bytes', async () => {
    const subject = newSubject();
    const latest = { autoRegister: false, useLatest: true };
    const theirs = row('{"name":"a","type":"int","doc":"Number of the row","default":7}');
    const id = await client().registry.register(subject, theirs);
    expect(await client(latest).registry.register(subject, row(A_INT))).toBe(id);
    await expect(client(latest).registry.register(subject, row(A_TEXT))).rejects.toThrow(
      /field a was int, is string/,
    );
    const renamed = row(A_INT).replace('"V"', '"Other"');
    await expect(client(latest).registry.register(subject, renamed)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
    });
    const lenient = { ...latest, latestStrict: false };
    expect(await client(lenient).registry.register(subject, renamed)).toBe(id);
  });
});

test("what we register, Confluent's client for Node reads, and the other way round", async () => {
  const subject = newSubject();
  const theirs = new KafkaJsRegistry({ host: shared.url });
  const { registry } = client();
  const id = await registry.register(subject, row(A_INT));
  expect(await theirs.encode(id, { a: 3 })).toEqual(Buffer.from([0, 0, 0, id >> 8, id & 255, 6]));
  const given = { type: SchemaType.AVRO, schema: row(A_TEXT) } as const;
  // It fails on subjects that somebody else made: Apicurio tells it a level that it takes for a
  // conflict. So it makes its own.
  const other = await theirs.register(given, { subject: `k-${process.pid}-value` });
  expect(JSON.parse(await registry.schemaById(other.id))).toEqual(JSON.parse(row(A_TEXT)));
  expect(await registry.register(`k-${process.pid}-value`, row(A_TEXT))).toBe(other.id);
});

describe('JSON Schema', () => {
  const field = (type: ConnectSchema['type'], optional = false): ConnectSchema => ({
    type: 'struct',
    optional: false,
    name: 'shop.Row',
    fields: [{ name: 'a', schema: { type, optional } }],
  });
  const converterOf = (registry: ConfluentRegistry, subject: string) =>
    new JsonSchemaConverter(registry, {
      decimalFormat: 'BASE64',
      replaceNullWithDefault: false,
      subjectOf: () => subject,
    });

  test("Confluent's client for Node takes our records for valid and reads them", async () => {
    const subject = newSubject();
    const converter = converterOf(client().registry, subject);
    const schema = field('int32', true);
    const prepared = await converter.prepare('t', schema);
    // Its validator takes words of Connect for misspelt ones unless it is told not to.
    const lenient = { [SchemaType.JSON]: { strict: false } };
    const theirs = new KafkaJsRegistry({ host: shared.url }, lenient);
    for (const a of [7, null]) {
      const bytes = converter.fromConnect(prepared, { schema, values: [a] }) as Buffer;
      expect(await theirs.decode(bytes)).toEqual({ a });
      const read = await converterOf(client().registry, subject).toConnect('t', bytes);
      expect(read).toEqual({ schema, values: [a] });
    }
  });

  test('a change that the level forbids names the field and is not sent', async () => {
    const subject = newSubject();
    const { registry, verdicts } = client();
    const converter = converterOf(registry, subject);
    await converter.prepare('t', field('int32'));
    await setLevel(subject, 'FULL');
    await expect(converter.prepare('t', field('string'))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('field a was int, is string: FULL forbids it') as string,
    });
    expect(await versionsOf(subject)).toEqual([1]);
    await setLevel(subject, 'NONE');
    await converter.prepare('t', field('string'));
    expect(verdicts.map(({ grade }) => grade)).toEqual(['breaking', 'warning']);
    expect(await versionsOf(subject)).toEqual([1, 2]);
  });
});

test('preview says what register would, and registers nothing', async () => {
  const subject = newSubject();
  const { registry } = client();
  await registry.preview(subject, row(A_INT));
  expect(await versionsOf(subject)).toMatchObject({ error_code: 40401 });
  await registry.register(subject, row(A_INT));
  await setLevel(subject, 'BACKWARD');
  await expect(registry.preview(subject, row(A_TEXT))).rejects.toMatchObject({
    code: 'SCHEMA_INCOMPATIBLE',
  });
  await expect(
    client({ autoRegister: false }).registry.preview(newSubject(), row(A_INT)),
  ).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
});

test('an id that the registry does not have', async () => {
  await expect(client().registry.schemaById(987_654)).rejects.toMatchObject({
    code: 'SCHEMA_UNKNOWN',
  });
});

test('an outage fails the callers of one flight alike, and is over when it is over', async () => {
  await using own = await startRegistry();
  const { registry } = client({ readTimeoutMs: 200 }, own.url);
  const subject = newSubject();
  own.pause();
  const failures = [1, 2].map(() => registry.register(subject, row(A_INT)));
  for (const failure of failures) {
    await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_CONNECT' });
  }
  own.resume();
  const patient = client({}, own.url).registry;
  expect(await patient.register(subject, row(A_INT))).toBeGreaterThan(0);
  await own.kill();
  await expect(registry.register(newSubject(), row(A_INT))).rejects.toMatchObject({
    code: 'REGISTRY_CONNECT',
  });
});
