import { expect, test } from 'vitest';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
} from '../../../src/converter/registry/compatibility.ts';
import { ConfluentRegistry } from '../../../src/converter/registry/confluent-registry.ts';
import { jsonRulesAt } from '../../../src/converter/registry/json-compatibility.ts';
import { judgeJsonSchema } from '../../../src/converter/registry/json-verdict.ts';
import { evolvedJson, randomJsonRecord } from '../../support/evolving-json.ts';
import { alteredTable, randomTable, tableJsonSchema } from '../../support/evolving-tables.ts';
import { seededNumbers } from '../../support/random-history.ts';
import { sharedRegistry } from '../../support/registry-server.ts';
import { registrySettingsFor } from '../../support/registry-settings.ts';

/*
 * As of Avro (`compatibility.registry.test.ts`): what is said of a JSON Schema before the registry
 * is asked is what the registry then says, under all levels; of the schemas that our converter
 * makes of altered tables, and of others (PITFALLS C36, C39).
 */

const CASES = process.env['TIDEMARK_TEST_ALL'] === '1' ? 1050 : 21;
const AT_ONCE = 8;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_123);

const { url } = sharedRegistry();
const registry = new ConfluentRegistry(registrySettingsFor(url));
const rules = jsonRulesAt([url]);

interface Judged {
  readonly level: CompatibilityLevel;
  readonly existing: readonly string[];
  readonly fresh: string;
}

async function rest(method: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as unknown;
}

/** A subject's versions and what shall follow them. */
function judgedOf(level: CompatibilityLevel, texts: readonly string[]): Judged {
  return { level, existing: texts.slice(0, -1), fresh: texts.at(-1) ?? '' };
}

function versionsOf<T>(first: T, next: (one: T) => T, count: number): readonly T[] {
  const versions = [first];
  while (versions.length < count) versions.push(next(versions.at(-1) ?? first));
  return versions;
}

function made(count: number): readonly Judged[] {
  const below = seededNumbers(SEED);
  return Array.from({ length: count }, (_, i) => {
    const level = COMPATIBILITY_LEVELS[i % COMPATIBILITY_LEVELS.length] ?? 'FULL';
    const versions = 2 + below(3);
    if (below(3) > 0) {
      const tables = versionsOf(randomTable(below), (one) => alteredTable(one, below), versions);
      const isEnvelope = below(2) === 0;
      return judgedOf(
        level,
        tables.map((table) => tableJsonSchema(table, isEnvelope)),
      );
    }
    const records = versionsOf(randomJsonRecord(below), (one) => evolvedJson(one, below), versions);
    return judgedOf(
      level,
      records.map((record) => JSON.stringify(record)),
    );
  });
}

/** What it has of a subject it is asked for, as a verdict asks. */
async function registryTakes(subject: string, { level, existing, fresh }: Judged) {
  const schemaType = 'JSON';
  for (const schema of existing) {
    await rest('POST', `subjects/${subject}/versions`, { schema, schemaType });
  }
  await rest('PUT', `config/${subject}`, { compatibility: level });
  const which = level.endsWith('_TRANSITIVE') ? '' : '/latest';
  const asked = `compatibility/subjects/${subject}/versions${which}`;
  const answer = (await rest('POST', asked, { schema: fresh, schemaType })) as object;
  const versions = await registry.earlierVersions(subject, level);
  return { fits: (answer as { is_compatible: boolean }).is_compatible, versions };
}

test('ours is the answer of a real registry, pair by pair', { timeout: 1_200_000 }, async () => {
  const cases = made(CASES);
  const differing: unknown[] = [];
  const answers = { taken: 0, refused: 0, unknown: 0 };
  const work = cases.entries();
  const ask = async (): Promise<void> => {
    for (const [i, one] of work) {
      const { fits, versions } = await registryTakes(`json-${process.pid}-${i}-value`, one);
      const ours = judgeJsonSchema(one.level, one.fresh, versions, rules);
      answers[ours === undefined ? 'unknown' : fits ? 'taken' : 'refused']++;
      if (ours === undefined) continue;
      if (fits === (ours?.grade === 'breaking')) differing.push({ ...one, fits, ours });
      // The same comes out where it is asked beside our own rules.
      const both = await registry.judge(`json-${process.pid}-${i}-value`, one.fresh, 'JSON');
      expect(both).toEqual(ours);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  expect(differing.slice(0, 3)).toEqual([]);
  // Neither answer is rare, and all these schemas are ones that we can judge.
  expect(answers.taken).toBeGreaterThan(CASES / 7);
  expect(answers.refused).toBeGreaterThan(CASES / 7);
  expect(answers.unknown).toBe(0);
});
