import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { ConfluentRegistry } from '../../src/converter/registry/confluent-registry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { checkPipeline } from '../../src/runtime/check-pipeline.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { startRegistryFront } from '../support/registry-front.ts';
import { sharedRegistry } from '../support/registry-server.ts';
import { registrySettingsFor } from '../support/registry-settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const registry = sharedRegistry();
let made = 0;

/** What `check` says about one table, its registry as the properties have it. */
async function setup(table = 'CREATE TABLE orders (id int PRIMARY KEY, qty int)') {
  const database = await freshDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await database.query(table);
  const prefix = `check${process.pid}x${made++}`;
  const check = async (
    url: string,
    others: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> => {
    await using folder = await temporaryFolder('registry-check');
    const file = path.join(folder.path, 'p.yaml');
    const ofSide = (side: string) => ({
      [`${side}.converter`]: 'avro',
      [`${side}.converter.schema.registry.url`]: url,
      ...Object.fromEntries(
        Object.entries(others).map(([name, value]) => [`${side}.converter.${name}`, value]),
      ),
    });
    const given = { 'topic.prefix': prefix, ...ofSide('key'), ...ofSide('value') };
    await writeFile(file, JSON.stringify({ name: 'p', source: sourceSection(database, given) }));
    const { signal } = new AbortController();
    const found = await checkPipeline(loadPipelineFile(file), signal, systemClock);
    return {
      problems: found.problems.map(({ code, message }) => `${code} ${message}`),
      warnings: found.warnings,
    };
  };
  return { check, subject: `${prefix}.public.orders-value` };
}

test('all is well, and nothing was registered; a level of NONE is told', async () => {
  const { check, subject } = await setup();
  const { problems, warnings } = await check(registry.url);
  expect(problems).toEqual([]);
  const level = expect.stringMatching(
    /value\.converter: .* has compatibility level NONE/,
  ) as string;
  expect(warnings).toContainEqual(level);
  const answer = await fetch(`${registry.url}/subjects/${subject}/versions`);
  expect(answer.status).toBe(404);
});

test('a change that the level forbids names subject and field, before a row does', async () => {
  const { check, subject } = await setup();
  const old = `{"type":"record","name":"Envelope","namespace":"x","fields":[
    {"name":"after","type":["null",{"type":"record","name":"Value","fields":[
      {"name":"qty","type":"string"}]}],"default":null}]}`;
  await new ConfluentRegistry(registrySettingsFor(registry.url)).register(subject, old);
  const level = (compatibility: string) =>
    fetch(`${registry.url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility }),
    });
  await level('BACKWARD');
  expect((await check(registry.url)).problems).toEqual([
    expect.stringMatching(
      /^SCHEMA_INCOMPATIBLE .*-value is not compatible: .*field qty was string/,
    ),
  ]);
  await level('NONE');
  const { problems, warnings } = await check(registry.url);
  expect(problems).toEqual([]);
  expect(warnings).toContainEqual(expect.stringMatching(/changes: .*qty was string.*cannot read/));
});

test('without registration a schema that is missing is a problem', async () => {
  const { check, subject } = await setup();
  const { problems } = await check(registry.url, { 'auto.register.schemas': false });
  expect(problems).toEqual([
    expect.stringMatching(/^REGISTRY_REFUSED subject .*-key does not have the schema/),
  ]);
  expect(problems.join()).not.toContain(subject);
});

test('both at once contradict each other', async () => {
  const { check } = await setup();
  const { warnings } = await check(registry.url, { 'use.latest.version': true });
  expect(warnings).toContainEqual(expect.stringMatching(/key.*use\.latest\.version has no effect/));
});

test.each([
  [401, /^REGISTRY_AUTH /],
  [503, /^REGISTRY_CONNECT /],
] as const)(
  'a registry that answers %d is one problem, not one for each side',
  async (status, told) => {
    const { check } = await setup();
    await using front = await startRegistryFront({ target: registry.origin });
    front.behaviour = status;
    const login = {
      'basic.auth.credentials.source': 'USER_INFO',
      'basic.auth.user.info': 'me:hidden',
    };
    const { problems, warnings } = await check(front.origin, login);
    expect(problems).toEqual([expect.stringMatching(told)]);
    expect([...problems, ...warnings].join()).not.toContain('hidden');
  },
);
