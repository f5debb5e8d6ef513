import { expect, test } from 'vitest';
import {
  COMPATIBILITY_LEVELS,
  compatibilityProblems,
} from '../../../src/converter/registry/compatibility.ts';
import type { CompatibilityLevel } from '../../../src/converter/registry/compatibility.ts';
import { ConfluentRegistry } from '../../../src/converter/registry/confluent-registry.ts';
import { evolved, randomRecord, recordText } from '../../support/evolving-schemas.ts';
import { seededNumbers } from '../../support/random-history.ts';
import { sharedRegistry } from '../../support/registry-server.ts';
import { registrySettingsFor } from '../../support/registry-settings.ts';

/*
 * What is said of a schema before the registry is asked is what the registry then says: under all
 * levels, of schemas that tables make and of others (PITFALLS C4, C36, C39).
 */

const PAIRS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 3000 : 40;
const AT_ONCE = 8;
const SEED = 20_261_123;

const { url } = sharedRegistry();
const registry = new ConfluentRegistry(registrySettingsFor(url));

interface Judged {
  readonly level: CompatibilityLevel;
  readonly existing: readonly string[];
  readonly fresh: string;
}

async function rest(method: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${url}/${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
}

function made(count: number): readonly Judged[] {
  const below = seededNumbers(SEED);
  return Array.from({ length: count }, (_, i) => {
    const versions = [randomRecord(below)];
    for (let more = below(3); more > 0; more--) {
      versions.push(evolved(versions.at(-1) ?? [], below));
    }
    const texts = [...new Set(versions.map((fields) => recordText(fields)))];
    const name = below(20) === 0 ? 'Renamed' : 'Value';
    const fresh = recordText(evolved(versions.at(-1) ?? [], below), name);
    const level = COMPATIBILITY_LEVELS[i % COMPATIBILITY_LEVELS.length] ?? 'FULL';
    return { level, existing: texts, fresh };
  });
}

/**
 * Null: it takes no such schema at all. What it has of a subject it is asked for, as a verdict
 * asks: a version that differs from an older one by a default alone is none to it.
 */
async function registryTakes(subject: string, { level, existing, fresh }: Judged) {
  const path = encodeURIComponent(subject);
  for (const schema of existing) {
    const answer = await rest('POST', `subjects/${path}/versions`, { schema });
    if (!answer.ok) return null;
  }
  await rest('PUT', `config/${path}`, { compatibility: level });
  const which = level.endsWith('_TRANSITIVE') ? '' : '/latest';
  const asked = `compatibility/subjects/${path}/versions${which}`;
  const answer = await rest('POST', asked, { schema: fresh });
  if (!answer.ok) return null;
  const { is_compatible: fits } = (await answer.json()) as { is_compatible: boolean };
  const versions = await registry.earlierVersions(subject, level);
  return { fits, versions: versions.map(({ schema }) => schema) };
}

test('ours is the answer of a real registry, pair by pair', { timeout: 1_200_000 }, async () => {
  const pairs = made(PAIRS);
  const differing: unknown[] = [];
  const answers = { taken: 0, refused: 0, invalid: 0 };
  const work = pairs.entries();
  const ask = async (): Promise<void> => {
    for (const [i, pair] of work) {
      const theirs = await registryTakes(`compatibility-${process.pid}-${i}-value`, pair);
      answers[theirs === null ? 'invalid' : theirs.fits ? 'taken' : 'refused']++;
      if (theirs === null) continue;
      const problems = compatibilityProblems(pair.level, pair.fresh, theirs.versions);
      if (theirs.fits !== (problems.length === 0)) differing.push({ ...pair, theirs, problems });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  expect(differing.slice(0, 3)).toEqual([]);
  // Neither answer is rare, and nearly all schemas are ones that can be asked about.
  expect(answers.taken).toBeGreaterThan(PAIRS / 5);
  expect(answers.refused).toBeGreaterThan(PAIRS / 5);
  expect(answers.invalid).toBeLessThan(PAIRS / 20);
});
