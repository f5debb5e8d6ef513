import { beforeAll, describe, expect, test } from 'vitest';
import { compareScenario, equalRecords } from '../support/golden-differences.ts';
import { knownDefect } from '../support/golden-defects.ts';
import { goldenScenarios } from '../support/golden-postgres.ts';
import { type GoldenOutcome, runGoldenScenarios } from '../support/golden-run.ts';

/** Recorded records that ours must equal at the least; it only rises. */
const EQUAL: Readonly<Record<string, number>> = { heartbeat: 50, outbox: 8, partition_root: 15 };

describe('golden records of PostgreSQL', () => {
  const scenarios = goldenScenarios();
  let outcomes: ReadonlyMap<string, GoldenOutcome>;

  beforeAll(async () => {
    outcomes = await runGoldenScenarios(scenarios);
  });

  test.for(Object.keys(EQUAL))('%s', (name) => {
    const scenario = scenarios.find((candidate) => candidate.name === name);
    const outcome = outcomes.get(name);
    if (scenario === undefined || outcome === undefined) throw new Error(`${name} did not run`);
    expect(outcome.failure).toBeNull();
    const differences = compareScenario(scenario, outcome.topics);
    const ours = differences.filter((difference) => knownDefect(difference) === null);
    const told = ours.map(({ topic, index, what }) => `${topic}[${index}] ${what.join('; ')}`);
    const equal = equalRecords(scenario, differences);
    expect({ equal: equal >= (EQUAL[name] ?? 0), told }).toMatchObject({ equal: true });
  });
});
