import type { Node } from 'yaml';
import type { SectionReading } from './alert-section.ts';
import { nearestName } from './nearest-name.ts';
import type { ResolvedOptions } from './option.ts';
import {
  CHANGE_GRADES,
  CHANGE_POLICY_OPTIONS,
  CHANGE_POLICY_RULES,
  type ChangePolicy,
  GATED_CLASSES,
  type HoldBuffer,
  SCHEMA_OPTIONS,
  TOLD_CLASSES,
} from './schema-change-options.ts';
import { keepsTransactions } from './sink-transaction-options.ts';

/** What becomes of changes that the rule covers; an empty list covers all. */
export interface ChangeRule {
  readonly policy: ChangePolicy;
  readonly tables: readonly RegExp[];
  readonly classes: readonly string[];
  readonly grades: readonly string[];
}

/** The section `schema`, resolved. */
export interface SchemaChangesConfig {
  /** Of changes that no rule covers. */
  readonly policy: ChangePolicy;
  /** The first that covers a change decides. */
  readonly rules: readonly ChangeRule[];
  /** Where what a held table is told of waits: with us, or in the log of the server. */
  readonly holdBuffer: HoldBuffer;
  /** Of one table. */
  readonly holdBytesMax: number;
  /** 0: none. */
  readonly holdDeadlineMs: number;
  readonly deadlineAction: 'exception' | 'approve' | 'reject';
}

const LIST = 'change.policies';
const CLASSES: readonly string[] = [...GATED_CLASSES, ...TOLD_CLASSES];

/** Reads the section. A rule that is misspelt would cover other changes: it is a problem. */
export function readSchemaChanges(node: Node | null, reading: SectionReading): SchemaChangesConfig {
  const { yaml } = reading;
  const list = (node === null ? undefined : yaml.entries(node))?.get(LIST) ?? null;
  const items = yaml.items(list);
  if (items === undefined) {
    reading.problem(`schema: ${LIST} must be a list: begin each entry with a hyphen`, list);
  }
  const { values, lineOf } = reading.sectionOf(node, 'schema');
  const { [LIST]: _, ...own } = values;
  const known = [...SCHEMA_OPTIONS.map(({ name }) => name), LIST];
  refuseUnknown(Object.keys(own), known, 'schema', node, reading);
  const options = reading.examine({ values: own, lineOf }, 'schema', SCHEMA_OPTIONS, []);
  return Object.freeze({
    policy: (options.optionalString('change.policy') ?? 'evolve') as ChangePolicy,
    rules: (items ?? []).map((item, at) => readRule(item, `schema.${LIST}[${at}]`, reading)),
    holdBuffer: (options.optionalString('hold.buffer') ?? 'spool') as HoldBuffer,
    holdBytesMax: options.optionalNumber('hold.max.bytes') ?? 0,
    holdDeadlineMs: options.optionalNumber('hold.deadline') ?? 0,
    deadlineAction: (options.optionalString('hold.deadline.action') ??
      'exception') as SchemaChangesConfig['deadlineAction'],
  });
}

function readRule(node: Node | null, where: string, reading: SectionReading): ChangeRule {
  const section = reading.sectionOf(node, where);
  const known = CHANGE_POLICY_OPTIONS.map(({ name }) => name);
  refuseUnknown(Object.keys(section.values), known, where, node, reading);
  const options = reading.examine(section, where, CHANGE_POLICY_OPTIONS, CHANGE_POLICY_RULES);
  const [classes, grades] = [options.list('classes'), options.list('grades')];
  refuseUnknown(classes, CLASSES, `${where}: classes`, node, reading);
  refuseUnknown(grades, CHANGE_GRADES, `${where}: grades`, node, reading);
  const policy = (options.optionalString('policy') ?? 'evolve') as ChangePolicy;
  return { policy, tables: options.patterns('tables'), classes, grades };
}

function refuseUnknown(
  names: readonly string[],
  known: readonly string[],
  where: string,
  node: Node | null,
  reading: SectionReading,
): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? `one of ${known.join(', ')}` : `did you mean ${nearest}?`;
    reading.problem(`${where}: ${name} is not known: ${hint}`, node);
  }
}

/** Whether any table can be made to wait, or to go on in another shape than its own. */
export function mayGate({ policy, rules }: SchemaChangesConfig): boolean {
  const all = [policy, ...rules.map((rule) => rule.policy)];
  return all.some((one) => one !== 'evolve' && one !== 'ignore');
}

/** What contradicts the connectors of the file. */
export function schemaChangeProblems(
  changes: SchemaChangesConfig,
  sinks: readonly { readonly name: string; readonly options: ResolvedOptions }[],
): readonly string[] {
  if (!mayGate(changes)) return [];
  return sinks
    .filter(({ options }) => keepsTransactions(options))
    .map(
      ({ name }) =>
        `schema: a table that is held lets the others go on, and transaction.mode source of the ` +
        `sink ${name} writes all of a transaction at once: use evolve, ignore or another ` +
        'transaction.mode',
    );
}
