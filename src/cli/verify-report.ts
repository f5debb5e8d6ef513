import type { VerifiedTable } from '../runtime/verify-pipeline.ts';

type Verdict = NonNullable<VerifiedTable['verdict']>;

/** Rows that differed when they were looked at first. */
export function differenceCount({ missing, surplus, different }: Verdict): number {
  return missing + surplus + different;
}

/** Those that differ all the same behind a repair. */
export function stillDiffer(verdict: Verdict): number {
  return differenceCount(verdict) - verdict.repaired;
}

/** What `verify --json` prints; `schemas/verify-report.schema.json` describes it. */
export function reportJson(results: readonly VerifiedTable[]): unknown {
  const tables = results.map(tableJson);
  return { equal: tables.every((table) => table['equal'] === true), tables };
}

function tableJson(table: VerifiedTable): Readonly<Record<string, unknown>> {
  const { sink, source, target, keyColumns, verdict, problem } = table;
  const named = ({ kind, key, columns, repaired }: Verdict['differences'][number]): unknown => ({
    kind,
    key: Object.fromEntries(keyColumns.map((name, i) => [name, key[i] ?? ''])),
    columns,
    repaired,
  });
  return {
    sink,
    source,
    target,
    equal: verdict === null ? null : stillDiffer(verdict) === 0,
    ...verdict,
    repairProblem: verdict?.repairProblem?.toJSON() ?? null,
    differences: verdict?.differences.map(named) ?? [],
    problem: problem?.toJSON() ?? null,
  };
}
