import { createHash } from 'node:crypto';
import type { AlertEvent, AlertFact } from '../model/alert.ts';
import { tableName } from '../model/table-schema.ts';
import type { ShapeEvent } from '../model/table-shape.ts';
import type { ChangeDecision } from './change-policy.ts';
import type { ShapeChange } from './shape-difference.ts';
import type { Verdict } from './verdict.ts';

/** More columns than this are counted, not shown: the text is for somebody on call. */
const SHOWN_CHANGES = 12;
const SHOWN_DDL = 2000;

/** Makes the alert of what happened to one table; one event of a source is one alert. */
export function schemaAlert(
  event: ShapeEvent,
  changes: readonly ShapeChange[],
  verdict: Verdict,
  pipeline: string,
  decision: ChangeDecision | null = null,
): AlertEvent {
  const table = tableOf(event);
  return {
    id: alertId(pipeline, table, event.key),
    class: `schema.${verdict.class}`,
    severity: verdict.grade,
    table,
    sink: null,
    title: titleOf(table, changes, verdict),
    position: event.position,
    atMs: event.atMs,
    facts: factsOf(event, changes, verdict, decision),
    details: {
      pipeline,
      table,
      grade: verdict.grade,
      changes,
      subjects: verdict.subjects,
      sinks: verdict.sinks,
      ddl: event.ddl,
      ...(event.by === undefined ? {} : { by: event.by }),
      position: event.position,
    },
  };
}

/** The same for the same event, whichever process finds it. */
export function alertId(pipeline: string, table: string, key: string): string {
  const digest = createHash('sha256').update(`${pipeline}\0${table}\0${key}`).digest('hex');
  return `schema-${digest.slice(0, 20)}`;
}

function tableOf({ before, after }: ShapeEvent): string {
  const shaped = before ?? after;
  return shaped === null ? '' : tableName(shaped.shape.id);
}

function titleOf(table: string, changes: readonly ShapeChange[], verdict: Verdict): string {
  const principal = changes.find((change) => change.class === verdict.class) ?? changes[0];
  if (principal === undefined) return table;
  const rest = changes.length - 1;
  const more = rest === 0 ? '' : ` (and ${rest} more ${rest === 1 ? 'change' : 'changes'})`;
  return `${sentence(table, principal)}${more}`;
}

function sentence(table: string, { class: kind, column, old, now }: ShapeChange): string {
  const name = column === null ? table : `${table}.${column}`;
  switch (kind) {
    case 'column_added':
      return `${name} is new: ${now}`;
    case 'column_dropped':
      return `${name} was dropped (was ${old})`;
    case 'column_renamed':
      return `${name} was called ${old} before`;
    case 'column_retyped':
    case 'column_widened':
    case 'column_narrowed':
      return `${name} is ${now} now (was ${old})`;
    case 'column_nullable':
      return `${name} may be null now`;
    case 'column_required':
      return `${name} is not null now`;
    case 'column_default':
      return `${name} has the default ${now ?? 'no more'} (was ${old ?? 'none'})`;
    case 'column_generated':
      return `${name} is ${now === null ? 'computed no more' : `computed: ${now}`}`;
    case 'column_counted':
      return `${name} is ${now ?? 'counted no more'} (was ${old ?? 'not counted'})`;
    case 'column_moved':
      return `${table} has its columns in another order`;
    case 'column_charset':
      return `${name} is of ${now ?? 'the usual collation'} (was ${old ?? 'the usual one'})`;
    case 'members_added':
    case 'members_removed':
    case 'members_moved':
      return `${name} takes ${now} (was ${old})`;
    case 'key_changed':
      return `${table} has the key ${now} (was ${old})`;
    case 'replica_identity':
      return `${table} has replica identity ${now} (was ${old})`;
    case 'column_comment':
    case 'table_comment':
      return `${name} has another comment`;
    case 'table_charset':
      return `${table} is of ${now} (was ${old})`;
    case 'rows_rewritten':
      return `stored rows of ${table} were changed without row events: ${now}`;
    case 'table_created':
      return `${table} is new ${now ?? ''}`.trimEnd();
    case 'table_dropped':
      return `${table} was dropped`;
    case 'table_renamed':
      return `${table} is called ${now} now`;
    case 'table_truncated':
      return `${table} was truncated`;
    case 'table_recreated':
      return `another table is called ${table} now`;
  }
}

function factsOf(
  event: ShapeEvent,
  changes: readonly ShapeChange[],
  verdict: Verdict,
  decision: ChangeDecision | null,
): readonly AlertFact[] {
  const facts: AlertFact[] = changes.slice(0, SHOWN_CHANGES).map((change) => ({
    label: change.column === null ? change.class : `${change.class} ${change.column}`,
    value: `${change.old ?? '–'} → ${change.now ?? '–'}`,
  }));
  const add = (label: string, value: string | null): void => {
    if (value !== null && value !== '') facts.push({ label, value });
  };
  if (changes.length > SHOWN_CHANGES) add('more', `${changes.length - SHOWN_CHANGES} changes`);
  add('statement', event.ddl === null ? null : event.ddl.slice(0, SHOWN_DDL));
  add('by', event.by ?? null);
  add('affected', verdict.affected);
  add('Tidemark', governedText(decision) ?? doneText(event, verdict));
  for (const { subject, text, level } of verdict.subjects) {
    add(level === null ? `readers of ${subject}` : `subject ${subject}`, text);
  }
  for (const { sink, text } of verdict.sinks) add(`sink ${sink}`, text);
  add('next', verdict.next);
  add('command', verdict.command);
  return facts;
}

/** What policies make of it; null: they let it pass. */
function governedText(decision: ChangeDecision | null): string | null {
  if (decision === null) return null;
  switch (decision.kind) {
    case 'evolve':
      return decision.kept.size === 0
        ? null
        : 'goes on in the old shape of its records, as the policy is lenient';
    case 'hold':
      return (
        `lets the table wait before its next record, others flow (${decision.reason}); ` +
        'then tidemark schema held <file> has the id to approve or reject'
      );
    case 'exception':
      return `stops before its next record (${decision.reason})`;
  }
}

function doneText(event: ShapeEvent, verdict: Verdict): string {
  const parts: string[] = [];
  if (verdict.subjects.some(({ isRefused }) => isRefused)) {
    parts.push('holds the records of this table until the registry takes them; others flow');
  } else if (event.after === null) {
    parts.push('has nothing more to capture of it; topics and targets keep what they have');
  } else if (event.truncated === true) {
    parts.push('sends the truncation on, in its place among the changes');
  } else if (event.isUncaptured === true) {
    parts.push(
      'does not capture it yet: the publication names its tables, and is made anew by a start',
    );
  } else if (event.after.problem !== undefined) {
    parts.push(`stops at its next row, because it cannot capture this: ${event.after.problem}`);
  } else if (event.before === null) {
    parts.push('captures it from here on');
  } else {
    parts.push('goes on; records have the new shape from this change on');
  }
  if (event.rewrites !== undefined) parts.push(event.rewrites.follows);
  return parts.join('; ');
}
