import type { ChangePolicy } from '../config/schema-change-options.ts';
import type { SchemaChangesConfig } from '../config/schema-section.ts';
import type { ShapeChange } from './shape-difference.ts';
import type { Verdict } from './verdict.ts';

/** What becomes of a table behind a change of its shape. */
export type ChangeDecision =
  /** It goes on; changes whose `changeKey` is in `kept` are not followed. */
  | { readonly kind: 'evolve'; readonly kept: ReadonlySet<string> }
  | { readonly kind: 'hold' | 'exception'; readonly reason: string };

/** Tells the changes of one moment apart. */
export function changeKey({ class: kind, column }: ShapeChange): string {
  return JSON.stringify([kind, column]);
}

/** What may be asked of a verdict; asking the registry and the sinks takes its time. */
export type AskedVerdict = Pick<Verdict, 'grade' | 'subjects' | 'sinks'>;

/** The first rule that covers the change; `grade` is that of all changes together. */
export function policyFor(
  config: SchemaChangesConfig,
  table: string,
  change: Pick<ShapeChange, 'class'>,
  grade: Verdict['grade'] | null,
): ChangePolicy {
  const rule = config.rules.find(
    (one) =>
      coversTable(one, table) &&
      coversClass(one, change) &&
      (one.grades.length === 0 || (grade !== null && one.grades.includes(grade))),
  );
  return rule?.policy ?? config.policy;
}

/** The decision depends on how bad the changes are, or on who would refuse them. */
export function needsVerdict(
  config: SchemaChangesConfig,
  table: string,
  changes: readonly ShapeChange[],
): boolean {
  return changes.some((change) => {
    const covering = config.rules.filter(
      (rule) => coversTable(rule, table) && coversClass(rule, change),
    );
    const policies = [config.policy, ...covering.map(({ policy }) => policy)];
    return policies.includes('try_evolve') || covering.some(({ grades }) => grades.length > 0);
  });
}

/** Whether changes of the table can be anything but followed. */
export function isGoverned(config: SchemaChangesConfig, table: string): boolean {
  const covering = config.rules.filter((rule) => coversTable(rule, table));
  const policies = [config.policy, ...covering.map(({ policy }) => policy)];
  return policies.some((policy) => policy !== 'evolve' && policy !== 'ignore');
}

/** The strictest policy of several changes decides for the table. Null: nobody was asked. */
export function decideChange(
  config: SchemaChangesConfig,
  table: string,
  changes: readonly ShapeChange[],
  verdict: AskedVerdict | null,
): ChangeDecision {
  const policies = changes.map((change) => ({
    change,
    policy: policyFor(config, table, change, verdict?.grade ?? null),
  }));
  const by = (policy: ChangePolicy): readonly ShapeChange[] =>
    policies.flatMap((one) => (one.policy === policy ? one.change : []));
  const stopping = by('exception');
  if (stopping.length > 0) {
    return { kind: 'exception', reason: `the policy of ${classesOf(stopping)} is exception` };
  }
  const held = by('hold');
  if (held.length > 0) return { kind: 'hold', reason: `the policy of ${classesOf(held)} is hold` };
  const tried = by('try_evolve');
  const refusal = verdict === null ? null : refusalOf(verdict);
  if (tried.length > 0 && refusal !== null) return { kind: 'hold', reason: refusal };
  return { kind: 'evolve', kept: new Set(by('lenient').map(changeKey)) };
}

/** All changes are taken for ones that nobody has to hear of. */
export function isIgnored(
  config: SchemaChangesConfig,
  table: string,
  changes: readonly ShapeChange[],
  grade: Verdict['grade'],
): boolean {
  return (
    changes.length > 0 &&
    changes.every((change) => policyFor(config, table, change, grade) === 'ignore')
  );
}

/** Who would not take it; one that could not be asked has not said so. */
function refusalOf({ subjects, sinks }: AskedVerdict): string | null {
  const subject = subjects.find(({ isRefused }) => isRefused);
  if (subject !== undefined) {
    return `try_evolve: the registry refuses it for ${subject.subject}: ${subject.text}`;
  }
  const sink = sinks.find(({ outcome }) => STOPPING.has(outcome));
  return sink === undefined ? null : `try_evolve: sink ${sink.sink} ${sink.text}`;
}

const STOPPING: ReadonlySet<string> = new Set(['parks', 'holds', 'dead letters']);

function coversTable(rule: SchemaChangesConfig['rules'][number], table: string): boolean {
  return rule.tables.length === 0 || rule.tables.some((pattern) => pattern.test(table));
}

function coversClass(
  { classes }: SchemaChangesConfig['rules'][number],
  { class: kind }: Pick<ShapeChange, 'class'>,
): boolean {
  return classes.length === 0 || classes.includes(kind);
}

function classesOf(changes: readonly ShapeChange[]): string {
  return [...new Set(changes.map((change) => change.class))].join(', ');
}
