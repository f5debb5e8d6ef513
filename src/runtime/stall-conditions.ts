import type { AlertCondition } from '../model/alert.ts';
import type { RetentionView } from './retention-forecast.ts';
import type { Stall, StallCause } from './watch-view.ts';

/** Conditions of their own: `StatusConditions` tells them, at once and also without a watch. */
const TOLD_ELSEWHERE: ReadonlySet<StallCause> = new Set([
  'task_failed',
  'task_retried',
  // As `table.held`, by the name of the table.
  'registry_refuses',
]);

/** Stalls as alerts see them; what is idle is not told. */
export function stallConditions(stalls: readonly Stall[]): readonly AlertCondition[] {
  return stalls
    .filter(({ severity, cause }) => severity !== 'info' && !TOLD_ELSEWHERE.has(cause))
    .map((stall) => {
      const { cause, sink, table, severity, title, evidence, cure } = stall;
      const where = [sink ?? 'source', ...(table === null ? [] : [table])].join(':');
      return {
        key: `stall:${cause}:${where}`,
        class: `stall.${cause}`,
        severity,
        table,
        sink,
        title,
        cause: evidence.join('; '),
        cure,
      };
    });
}

/**
 * One for each stage, so that each is told once; the last one is urgent. Besides, what is kept and
 * how long that goes on, for rules: without one they are never bad.
 */
export function budgetConditions(
  retention: RetentionView | null,
  stages: readonly number[],
): readonly AlertCondition[] {
  const budget = retention?.budget ?? null;
  if (retention === null) return [];
  const measured = [...keptBytes(retention), ...timeToGo(retention)];
  if (budget === null) return measured;
  const lowest = Math.min(...stages);
  const left = budget.leftMs === null ? '' : `, ${timeLeft(budget.leftMs)} at the pace of now`;
  const { heldBytes, floor } = retention;
  const ofStages = stages.map((stage): AlertCondition => ({
    key: `budget:source:${stage}`,
    class: 'budget.retention',
    severity: stage === lowest ? 'critical' : 'warning',
    table: null,
    sink: null,
    title: `${budget.leftPercent} % left of what the server keeps for the source${left}`,
    cause: `${budget.setting}; ${heldBytes ?? '?'} bytes are kept, from ${floor ?? '?'} on`,
    cure: cureOf(retention),
    measure: {
      value: budget.leftPercent,
      unit: 'percent',
      threshold: stage,
      bad: 'below',
      isStage: true,
    },
    details: { ...budget },
  }));
  return [...ofStages, ...measured];
}

const OF_SOURCE = { severity: 'warning', table: null, sink: null } as const;

function keptBytes(retention: RetentionView): readonly AlertCondition[] {
  const { heldBytes, floor } = retention;
  if (heldBytes === null) return [];
  const threshold = Number.MAX_SAFE_INTEGER;
  return [
    {
      ...OF_SOURCE,
      key: 'budget:source:bytes',
      class: 'budget.bytes',
      title: 'the server keeps much of its log for the source',
      cause: `it is kept from ${floor ?? '?'} on`,
      cure: cureOf(retention),
      measure: { value: heldBytes, unit: 'bytes', threshold, bad: 'above' },
    },
  ];
}

function timeToGo(retention: RetentionView): readonly AlertCondition[] {
  const { budget } = retention;
  if (budget === null || budget.leftMs === null) return [];
  return [
    {
      ...OF_SOURCE,
      key: 'budget:source:time',
      class: 'budget.time',
      title: 'soon the server removes what the source has not read, at the pace of now',
      cause: `${budget.setting}; ${budget.leftPercent} % of it are left`,
      cure: cureOf(retention),
      measure: { value: budget.leftMs, unit: 'ms', threshold: 0, bad: 'below' },
    },
  ];
}

function cureOf({ isHeldByTransaction, heldFor = [] }: RetentionView): string {
  if (heldFor.length > 0) {
    return `${heldFor.join(', ')} wait in it before a change: tidemark schema approve or reject.`;
  }
  return isHeldByTransaction
    ? 'An open transaction keeps them: end it (tidemark status names it).'
    : 'Let the source catch up (tidemark status says what it waits for), or raise the limit.';
}

/** `3 h`, `12 min`, `40 s`. */
function timeLeft(ms: number): string {
  if (ms >= 2 * 86_400_000) return `${Math.round(ms / 86_400_000)} days`;
  if (ms >= 2 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}
