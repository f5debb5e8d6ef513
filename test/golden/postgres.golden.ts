// `npm run test:golden -- postgres [scenario …]`: what our daemon writes beside what was recorded.
import { parseArgs } from 'node:util';
import { compareScenario, countRules, equalRecords } from '../support/golden-differences.ts';
import { knownDefects } from '../support/golden-defects.ts';
import { goldenScenarios } from '../support/golden-postgres.ts';
import { runGoldenScenarios } from '../support/golden-run.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = goldenScenarios().filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
const outcomes = await runGoldenScenarios(wanted);
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
    const defects = knownDefects(difference);
    if (defects !== null) {
      rules.push(defects);
      continue;
    }
    print(`  ${difference.topic}[${difference.index}]`);
    for (const what of difference.what) print(`    ${what}`);
  }
  equal += same;
  recorded += count;
}
for (const [rule, count] of countRules(rules)) print(`  ${count} records: ${rule}`);
print(`golden postgres: ${equal} of ${recorded}`);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
