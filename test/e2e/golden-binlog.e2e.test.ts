import { beforeAll, describe, expect, test } from 'vitest';
import { BINLOG_DEFECTS } from '../support/golden-binlog-defects.ts';
import { runBinlogGolden } from '../support/golden-binlog-run.ts';
import { compareScenario, equalRecords } from '../support/golden-differences.ts';
import { knownDefects } from '../support/golden-known-defects.ts';
import type { GoldenOutcome } from '../support/golden-pipeline.ts';
import { type GoldenScenario, goldenScenarios } from '../support/golden-recordings.ts';

/** Recorded records that ours must equal at the least; the others differ by a named defect. */
const EQUAL = {
  mysql: {
    bigint_precise: 298,
    decimal_string: 291,
    default: 291,
    schema_history: 289,
    schemaless: 291,
    tombstones_off: 267,
    txmeta: 457,
  },
  mariadb: {
    bigint_precise: 313,
    decimal_string: 306,
    default: 306,
    schema_history: 299,
    schemaless: 306,
    tombstones_off: 282,
    txmeta: 508,
  },
} as const satisfies Record<string, Record<string, number>>;

describe.for(['mysql', 'mariadb'] as const)('golden records of %s', (family) => {
  const scenarios = goldenScenarios(family).filter(({ name }) => name in EQUAL[family]);
  let outcomes: ReadonlyMap<string, GoldenOutcome>;

  beforeAll(async () => {
    outcomes = await runBinlogGolden(family, scenarios);
  });

  test.for(Object.entries(EQUAL[family]))('%s', ([name, least]) => {
    const scenario = scenarios.find((candidate) => candidate.name === name) as GoldenScenario;
    const outcome = outcomes.get(name);
    expect(outcome?.failure).toBeNull();
    const differences = compareScenario(scenario, outcome?.topics ?? new Map());
    const ours = differences
      .filter((difference) => knownDefects(difference, BINLOG_DEFECTS) === null)
      .map(({ topic, index, what }) => `${topic}[${index}] ${what.join('; ')}`);
    expect(ours).toEqual([]);
    expect(equalRecords(scenario, differences)).toBeGreaterThanOrEqual(least);
  });
});
