import { avroSchemaText } from '../converter/avro-schema.ts';
import { jsonSchemaText } from '../converter/json-schema-text.ts';
import { parseAvroType } from '../converter/avro-type.ts';
import { readingProblems } from '../converter/registry/compatibility.ts';
import type { CompatibilityLevel } from '../converter/registry/compatibility.ts';
import type { JsonRules } from '../converter/registry/json-compatibility.ts';
import { judgeJsonSchema } from '../converter/registry/json-verdict.ts';
import type {
  ChangeGrade,
  EarlierVersion,
  SchemaVerdict,
} from '../converter/registry/schema-verdict.ts';
import { judgeSchema } from '../converter/registry/schema-verdict.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';
import { DECIMAL } from '../model/connect-schema.ts';
import { AvroNames } from './avro-names.ts';
import type { ShapeChange, ShapeClass } from './shape-difference.ts';

/** A record's key or value before and after; its readers are told apart by the registry's level. */
export interface SubjectChange {
  /** As the registry calls it; without one the topic with `-key` or `-value`. */
  readonly subject: string;
  /** Null: no registry stands between; whoever reads has only what was written. */
  readonly level: CompatibilityLevel | null;
  readonly before: ConnectSchema;
  readonly after: ConnectSchema;
  /** What the registry has, oldest first; absent: `before` alone. */
  readonly earlier?: readonly EarlierVersion[];
  /** Its schemas are JSON Schemas, judged by these rules; absent: Avro's. */
  readonly json?: JsonRules;
  /** What the registry was asked, and said; absent: it was not. */
  readonly answered?: SchemaVerdict | null;
}

/** What became of a change at a subject: its readers, and the registry. */
export interface SubjectVerdict {
  readonly subject: string;
  readonly level: CompatibilityLevel | null;
  readonly grade: ChangeGrade;
  /** The registry would refuse the schema. */
  readonly isRefused: boolean;
  readonly text: string;
}

/** What a sink will do when the first record of the new shape comes. */
export interface SinkFate {
  readonly sink: string;
  readonly outcome:
    'unaffected' | 'unknown' | 'takes' | 'alters' | 'parks' | 'holds' | 'dead letters';
  /** One sentence. */
  readonly text: string;
  /** What a person runs to let it go on; null: nothing. */
  readonly cure: string | null;
}

/** What a change means: how bad, for whom, and what to do. */
export interface Verdict {
  readonly grade: ChangeGrade;
  /** The worst of the changes: what the alert is called after. */
  readonly class: ShapeClass;
  readonly subjects: readonly SubjectVerdict[];
  readonly sinks: readonly SinkFate[];
  /** For people, one sentence. */
  readonly affected: string;
  readonly next: string;
  /** A command or statement; null: there is nothing to do. */
  readonly command: string | null;
}

/**
 * What a change is by itself, whoever reads: `info` nobody can notice, `warning` something comes
 * that old readers do not look at, or stops to come, `breaking` records are no longer what they
 * were to everybody. Subjects and sinks can only make it worse.
 */
const OWN_GRADES: Readonly<Record<ShapeClass, ChangeGrade>> = {
  column_added: 'warning',
  column_dropped: 'warning',
  column_renamed: 'warning',
  column_retyped: 'info',
  column_widened: 'info',
  column_narrowed: 'info',
  column_nullable: 'info',
  column_required: 'info',
  column_default: 'info',
  column_generated: 'info',
  column_counted: 'info',
  column_moved: 'info',
  column_charset: 'info',
  column_comment: 'info',
  members_added: 'warning',
  members_removed: 'warning',
  members_moved: 'info',
  key_changed: 'breaking',
  replica_identity: 'info',
  table_charset: 'info',
  table_comment: 'info',
  rows_rewritten: 'warning',
  table_created: 'info',
  table_dropped: 'warning',
  table_renamed: 'breaking',
  table_truncated: 'warning',
  table_recreated: 'warning',
};

const RANK: Readonly<Record<ChangeGrade, number>> = { info: 0, warning: 1, breaking: 2 };

/** The class of several of one grade that people want to see first. */
const PROMINENCE: readonly ShapeClass[] = [
  'table_recreated',
  'table_renamed',
  'table_dropped',
  'table_created',
  'key_changed',
  'column_retyped',
  'column_renamed',
  'column_dropped',
  'column_narrowed',
  'members_removed',
  'column_required',
  'column_widened',
  'column_added',
  'column_nullable',
  'members_added',
  'replica_identity',
  'column_generated',
];

/**
 * What the changes of a table mean. Pure: who reads, what the registry says and what sinks do is
 * given. `problem`: the source cannot capture the table as it is now.
 */
export function verdictOf(
  changes: readonly ShapeChange[],
  subjects: readonly SubjectVerdict[],
  sinks: readonly SinkFate[],
  problem: string | null = null,
): Verdict {
  const principal = principalClass(changes);
  const grades = [
    ...changes.map(ownGrade),
    ...subjects.map(({ grade }) => grade),
    ...sinks.map(sinkGrade),
    ...(problem === null ? [] : ['breaking' as const]),
  ];
  const grade = worst(grades);
  return {
    grade,
    class: principal,
    subjects,
    sinks,
    affected: affectedText(subjects, sinks, changes),
    ...(problem === null ? nextStep(subjects, sinks, grade) : uncaptured(problem)),
  };
}

/** Whether readers can notice anything between the two. */
export function haveSameReaders(before: ConnectSchema, after: ConnectSchema): boolean {
  const names = new AvroNames();
  return avroSchemaText(names.of(before)) === avroSchemaText(names.of(after));
}

/** Null: the two have the same bytes and the same readers. */
export function judgeSubject(change: SubjectChange): SubjectVerdict | null {
  const { subject, level, before, after } = change;
  if (haveSameReaders(before, after)) return null;
  const names = new AvroNames();
  const [old, fresh] = [before, after].map((one) => avroSchemaText(names.of(one))) as [
    string,
    string,
  ];
  const asked = level ?? 'NONE';
  const found = foundBy(change, asked, old, fresh);
  const meanings = meaningChanges(before, after);
  if (found === null && meanings.length === 0) return null;
  // Nobody promises them anything else, so readers of yesterday meet the records of today.
  const isUnguarded = asked === 'NONE';
  const unread = isUnguarded ? readingProblems(parseAvroType(old), parseAvroType(fresh)) : [];
  const grade = worst([
    found?.grade ?? 'info',
    ...(unread.length > 0 ? ['breaking' as const] : []),
    ...meanings.map((one) => one.grade),
  ]);
  const texts = [...(found === null ? [] : [found.text]), ...meanings.map(({ text }) => text)];
  const told = names.restored(texts.join('; '));
  const text = level === null ? told.replace(': NONE allows it', '') : told;
  return { subject, level, grade, isRefused: found?.grade === 'breaking', text };
}

/** By the registry where it was asked, else by its rules; `old` and `fresh` are in Avro's words. */
function foundBy(
  { answered, json, before, after, earlier }: SubjectChange,
  level: CompatibilityLevel,
  old: string,
  fresh: string,
): SchemaVerdict | null {
  if (answered !== undefined) return answered;
  if (json === undefined) {
    return judgeSchema(level, fresh, earlier ?? [{ version: 1, schema: old }]);
  }
  const [was, is] = [before, after].map((one) => jsonSchemaText(one, JSON_TEXT)) as [
    string,
    string,
  ];
  const versions = earlier ?? [{ version: 1, schema: was }];
  return judgeJsonSchema(level, is, versions, json) ?? null;
}

/** Defaults are in it, which no rule looks at. */
const JSON_TEXT = {
  decimalFormat: 'BASE64',
  replaceNullWithDefault: false,
  mapEntries: 'objects',
} as const;

interface MeaningChange {
  readonly grade: ChangeGrade;
  readonly text: string;
}

/**
 * Fields whose bytes every reader takes and some would take for something else, which no registry
 * sees: milliseconds become microseconds (`timestamp(3)` as `timestamp(6)`), or a scale changes.
 */
function meaningChanges(before: ConnectSchema, after: ConnectSchema): readonly MeaningChange[] {
  const [old, now] = [rowFields(before), rowFields(after)];
  return old.flatMap(({ name, schema: was }): readonly MeaningChange[] => {
    const is = now.find((field) => field.name === name)?.schema;
    if (is === undefined || is.type !== was.type) return [];
    if (was.name !== is.name) {
      const grade = was.name === undefined || is.name === undefined ? 'warning' : 'breaking';
      const [from, to] = [was.name ?? `plain ${was.type}`, is.name ?? `plain ${is.type}`];
      return [{ grade, text: `field ${name} means ${to} now (was ${from}), in the same bytes` }];
    }
    const [from, to] = [was.parameters?.['scale'], is.parameters?.['scale']];
    if (was.name !== DECIMAL || from === to) return [];
    return [{ grade: 'warning', text: `field ${name} has scale ${to} now (was ${from})` }];
  });
}

/** Of an envelope the fields of its row. */
function rowFields({ fields = [] }: ConnectSchema): readonly ConnectField[] {
  const after = fields.find(({ name }) => name === 'after')?.schema;
  const isEnvelope = after?.type === 'struct' && fields.some(({ name }) => name === 'before');
  return isEnvelope ? (after.fields ?? []) : fields;
}

function ownGrade(change: ShapeChange): ChangeGrade {
  if (change.class === 'replica_identity') {
    // The old values of rows go missing, or updates fail at the source.
    if (change.now === 'nothing') return 'breaking';
    return change.now === 'full' ? 'info' : 'warning';
  }
  return OWN_GRADES[change.class];
}

function sinkGrade({ outcome }: SinkFate): ChangeGrade {
  switch (outcome) {
    case 'unaffected':
    case 'unknown':
    case 'takes':
      return 'info';
    case 'alters':
      return 'warning';
    default:
      return 'breaking';
  }
}

function worst(grades: readonly ChangeGrade[]): ChangeGrade {
  return grades.reduce((one, other) => (RANK[other] > RANK[one] ? other : one), 'info');
}

function principalClass(changes: readonly ShapeChange[]): ShapeClass {
  const places = changes.map((change) => {
    const at = PROMINENCE.indexOf(change.class);
    return { change, at: at < 0 ? PROMINENCE.length : at, rank: RANK[ownGrade(change)] };
  });
  const isTable = (kind: ShapeClass): boolean =>
    kind.startsWith('table_') && kind !== 'table_comment';
  const sorted = places.toSorted(
    (one, other) =>
      Number(isTable(other.change.class)) - Number(isTable(one.change.class)) ||
      one.at - other.at ||
      other.rank - one.rank,
  );
  return sorted[0]?.change.class ?? 'table_recreated';
}

function affectedText(
  subjects: readonly SubjectVerdict[],
  sinks: readonly SinkFate[],
  changes: readonly ShapeChange[],
): string {
  const readers = subjects.filter(({ grade }) => grade !== 'info').map(({ subject }) => subject);
  const moved = sinks.filter((fate) => sinkGrade(fate) !== 'info').map(({ sink }) => sink);
  const parts = [
    ...(readers.length > 0 ? [`readers of ${readers.join(' and ')}`] : []),
    ...(moved.length > 0 ? [`sink ${moved.join(', ')}`] : []),
  ];
  if (parts.length > 0) return parts.join('; ');
  const own = worst(changes.map(ownGrade));
  return own === 'info' ? 'nobody' : 'whoever reads the records of this table';
}

function uncaptured(problem: string): Pick<Verdict, 'next' | 'command'> {
  return {
    next:
      `The source stops at the next row of this table: ${problem}. ` +
      'Change it back, or leave the column out.',
    command: 'tidemark check <pipeline file>',
  };
}

function nextStep(
  subjects: readonly SubjectVerdict[],
  sinks: readonly SinkFate[],
  grade: ChangeGrade,
): Pick<Verdict, 'next' | 'command'> {
  const refused = subjects.find(({ isRefused }) => isRefused);
  if (refused !== undefined) {
    return {
      next:
        `The registry refuses this under ${refused.level ?? 'its level'}: undo the change in the ` +
        'source, or allow it for this subject, once its readers can take it.',
      command:
        `curl -X PUT -H 'Content-Type: application/json' --data '{"compatibility":"NONE"}' ` +
        `<registry>/config/${encodeURIComponent(refused.subject)}`,
    };
  }
  const stopped = sinks.find((fate) => sinkGrade(fate) === 'breaking');
  if (stopped !== undefined) {
    return { next: `Change the target of sink ${stopped.sink}.`, command: stopped.cure };
  }
  const silent = sinks.filter(({ outcome }) => outcome === 'unknown').map(({ sink }) => sink);
  const telling = tellingStep(grade);
  if (silent.length === 0) return { next: telling, command: null };
  // It may be the one that stops, and nobody is told of a change twice.
  const asking = `See what will become of sink ${silent.join(', ')}, which could not be asked.`;
  const next = grade === 'info' ? asking : `${telling} ${asking}`;
  return { next, command: 'tidemark plan <pipeline file>' };
}

function tellingStep(grade: ChangeGrade): string {
  switch (grade) {
    case 'breaking':
      return 'Tell the readers of this table; they have to change.';
    case 'warning':
      return 'Tell the readers of this table; they can go on as they are.';
    case 'info':
      return 'Nothing has to be done.';
  }
}
