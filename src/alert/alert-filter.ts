import { fitsUnit } from '../config/alert-threshold.ts';
import type { AlertFilter, AlertRule } from '../config/alert-section.ts';
import type { AlertCondition, AlertMeasure, AlertSeverity } from '../model/alert.ts';

/** What filters look at. */
export interface FilteredAlert {
  readonly class: string;
  readonly table: string | null;
  readonly sink: string | null;
}

/** An alert without a table is none of any table. */
export function covers({ classes, tables, sinks }: AlertFilter, alert: FilteredAlert): boolean {
  return (
    coversName(classes, alert.class) &&
    coversName(tables, alert.table) &&
    coversName(sinks, alert.sink)
  );
}

function coversName(patterns: readonly RegExp[], name: string | null): boolean {
  return patterns.length === 0 || (name !== null && patterns.some((pattern) => pattern.test(name)));
}

/** A condition as the rules have it. */
export interface JudgedCondition {
  readonly condition: AlertCondition;
  readonly severity: AlertSeverity;
  readonly measure: AlertMeasure | null;
  readonly holdMs: number;
  readonly repeatMs: number;
  /** It is as bad as to be told. */
  readonly isBad: boolean;
}

/**
 * The first rule that covers an alert decides. One with a threshold is for what is measured in its
 * unit alone: a rule for `lag\..*` of 90 s means times, not records.
 */
export function ruleFor(
  rules: readonly AlertRule[],
  alert: FilteredAlert,
  measure?: AlertMeasure,
): AlertRule | undefined {
  return rules.find(({ filter, threshold }) => {
    if (!covers(filter, alert)) return false;
    if (threshold === undefined) return true;
    return measure !== undefined && measure.isStage !== true && fitsUnit(threshold, measure.unit);
  });
}

/** Null: a rule says that such a condition is none. */
export function judge(
  condition: AlertCondition,
  rules: readonly AlertRule[],
  repeatMs: number,
): JudgedCondition | null {
  const rule = ruleFor(rules, condition, condition.measure);
  if (rule?.enabled === false) return null;
  const { measure = null } = condition;
  const judged =
    measure === null
      ? null
      : { ...plain(measure), threshold: rule?.threshold?.value ?? measure.threshold };
  return {
    condition,
    severity: rule?.severity ?? condition.severity,
    measure: judged,
    holdMs: rule?.holdMs ?? condition.holdMs ?? 0,
    repeatMs: rule?.repeatMs ?? repeatMs,
    isBad: judged === null || isBeyond(judged),
  };
}

/** What is told of it. */
function plain({ value, unit, threshold, bad }: AlertMeasure): AlertMeasure {
  return { value, unit, threshold, bad };
}

function isBeyond({ value, threshold, bad }: AlertMeasure): boolean {
  return bad === 'above' ? value > threshold : value < threshold;
}
