import { parseArgs } from 'node:util';
import { compareScenario, countRules, equalRecords } from './golden-differences.ts';
import { knownDefects, type KnownDefect } from './golden-known-defects.ts';
import type { GoldenOutcome } from './golden-pipeline.ts';
import { type GoldenFamily, type GoldenScenario, goldenScenarios } from './golden-recordings.ts';

/** How a family's recordings are run and judged. */
export interface GoldenSuite {
  readonly family: GoldenFamily;
  readonly defects: readonly KnownDefect[];
  readonly run: (
    scenarios: readonly GoldenScenario[],
  ) => Promise<ReadonlyMap<string, GoldenOutcome>>;
}

/** Runs the scenarios that the command line names, or all, and prints how many are equal. */
export async function reportGolden({ family, defects, run }: GoldenSuite): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const wanted = goldenScenarios(family).filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const outcomes = await run(wanted);
  let equal = 0;
  let recorded = 0;
  const rules: (readonly string[])[] = [];
  for (const scenario of wanted) {
    const outcome = outcomes.get(scenario.name);
    const differences = compareScenario(scenario, outcome?.topics ?? new Map());
    const count = [...scenario.topics.values()].reduce((sum, list) => sum + list.length, 0);
    const same = equalRecords(scenario, differences);
    const failure = outcome?.failure === null ? '' : `: ${outcome?.failure.message ?? 'not run'}`;
    print(`${scenario.name}: ${same} of ${count}${failure}`);
    for (const difference of differences) {
      const known = knownDefects(difference, defects);
      if (known !== null) {
        rules.push(known);
        continue;
      }
      print(`  ${difference.topic}[${difference.index}]`);
      for (const what of difference.what) print(`    ${what}`);
    }
    equal += same;
    recorded += count;
  }
  for (const [rule, count] of countRules(rules)) print(`  ${count} records: ${rule}`);
  print(`golden ${family}: ${equal} of ${recorded}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
