import { beforeAll, describe, expect, test } from 'vitest';
import { compareScenario, equalRecords } from '../support/golden-differences.ts';
import { POSTGRES_DEFECTS } from '../support/golden-defects.ts';
import { knownDefects } from '../support/golden-known-defects.ts';
import { type GoldenScenario, goldenScenarios } from '../support/golden-recordings.ts';
import type { GoldenOutcome } from '../support/golden-pipeline.ts';
import { runGoldenScenarios } from '../support/golden-run.ts';

/** Recorded records that ours must equal at the least; the others differ by a named defect. */
const EQUAL: Readonly<Record<string, number>> = {
  decimal_string: 190,
  default: 180,
  heartbeat: 50,
  incremental: 29,
  isostring: 33,
  masked: 64,
  outbox: 8,
  partition_root: 15,
  schemaless: 195,
  skipped: 55,
  source_types: 55,
  texts: 60,
  time_connect: 180,
  tombstones_off: 155,
  txmeta: 365,
  unwrap: 158,
  updates_skipped: 52,
  with_nulls: 42,
};

describe('golden records of PostgreSQL', () => {
  const scenarios = goldenScenarios('postgres').filter(({ name }) => name in EQUAL);
  let outcomes: ReadonlyMap<string, GoldenOutcome>;

  beforeAll(async () => {
    outcomes = await runGoldenScenarios(scenarios);
  });

  test.for(Object.keys(EQUAL))('%s', (name) => {
    const scenario = scenarios.find((candidate) => candidate.name === name) as GoldenScenario;
    const outcome = outcomes.get(name);
    expect(outcome?.failure).toBeNull();
    const differences = compareScenario(scenario, outcome?.topics ?? new Map());
    const ours = differences
      .filter((difference) => knownDefects(difference, POSTGRES_DEFECTS) === null)
      .map(({ topic, index, what }) => `${topic}[${index}] ${what.join('; ')}`);
    expect(ours).toEqual([]);
    expect(equalRecords(scenario, differences)).toBeGreaterThanOrEqual(EQUAL[name] ?? 0);
  });
});
