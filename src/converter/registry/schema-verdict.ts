import { TidemarkError } from '../../foundation/errors.ts';
import { avroSchemaText } from '../avro-schema.ts';
import { parseAvroType } from '../avro-type.ts';
import { connectSchemaOf } from '../json-schema-to-connect.ts';
import type { AvroField, AvroRecord, AvroType } from '../avro-type.ts';
import { compatibilityProblems, readingProblems } from './compatibility.ts';
import type { CompatibilityLevel } from './compatibility.ts';

/** What a change of schema means: nothing for readers, something for some, forbidden. */
export type ChangeGrade = 'info' | 'warning' | 'breaking';

/** One version of a subject, as far as a verdict needs it. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: string;
}

/** What a new schema changes, judged by the subject's level before the registry is asked. */
export interface SchemaVerdict {
  readonly grade: ChangeGrade;
  readonly level: CompatibilityLevel;
  /** The version that it was compared with. */
  readonly version: number;
  /** `field qty was int, is string`, one for each field. */
  readonly changes: readonly string[];
  /** One sentence with the fields and what the level says. */
  readonly text: string;
}

/** What became of a field between two schemas. */
export interface FieldChange {
  readonly field: string;
  readonly what: string;
  /** The new schema cannot read what the old one wrote. */
  readonly backward: boolean;
  /** The old schema cannot read what the new one writes. */
  readonly forward: boolean;
}

/**
 * Judges a schema that shall follow others (oldest first); null when it changes nothing. Whether
 * it is forbidden is Avro's own rule (`compatibilityProblems`); the changes say why, by field.
 */
export function judgeSchema(
  level: CompatibilityLevel,
  schema: string,
  earlier: readonly EarlierVersion[],
): SchemaVerdict | null {
  const between = (old: string, fresh: string): readonly FieldChange[] =>
    fieldChanges(parseAvroType(old), parseAvroType(fresh));
  const raw = (old: string): readonly string[] => compatibilityProblems(level, schema, [old]);
  return judgeVersions(level, schema, earlier, between, raw);
}

/**
 * The same by the rules of any kind of schema: `between` tells the fields, `problems` what no field
 * tells, such as a record that has another name.
 */
export function judgeVersions(
  level: CompatibilityLevel,
  schema: string,
  earlier: readonly EarlierVersion[],
  between: (old: string, fresh: string) => readonly FieldChange[],
  problems?: (old: string) => readonly string[],
): SchemaVerdict | null {
  const latest = earlier.at(-1);
  if (latest === undefined) return null;
  const compared = level.endsWith('_TRANSITIVE') ? earlier : [latest];
  const guiltyOf = ({ schema: old }: EarlierVersion): readonly FieldChange[] =>
    between(old, schema).filter((change) => isForbidden(level, change));
  const forbidding = compared.findLast((version) =>
    problems === undefined ? guiltyOf(version).length > 0 : problems(version.schema).length > 0,
  );
  const against = forbidding ?? latest;
  const changes = between(against.schema, schema);
  if (forbidding === undefined) return allowed(level, against, changes);
  const guilty = guiltyOf(against);
  const told = guilty.length > 0 ? guilty.map(sentence) : (problems?.(against.schema) ?? []);
  return {
    grade: 'breaking',
    level,
    version: against.version,
    changes: changes.map(sentence),
    text: `${told.join('; ')}: ${level} forbids it (compared with version ${against.version})`,
  };
}

/** Two schemas whose data have the same bytes: which names and defaults differ does not matter. */
export function sameLayout(a: string, b: string): boolean {
  return layout(parseAvroType(a), new Map()) === layout(parseAvroType(b), new Map());
}

/** What differs between two schemas, in terms of fields. */
export function describeChanges(old: string, fresh: string): readonly string[] {
  return fieldChanges(parseAvroType(old), parseAvroType(fresh)).map(sentence);
}

/** The same of JSON Schemas, in Avro's words; empty where Avro has none for their names. */
export function describeJsonChanges(old: string, fresh: string): readonly string[] {
  try {
    return describeChanges(
      avroSchemaText(connectSchemaOf(old)),
      avroSchemaText(connectSchemaOf(fresh)),
    );
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'SCHEMA_INVALID') return [];
    throw error;
  }
}

function allowed(
  level: CompatibilityLevel,
  { version }: EarlierVersion,
  changes: readonly FieldChange[],
): SchemaVerdict | null {
  if (changes.length === 0) return null;
  const breaks = changes.filter(({ backward, forward }) => backward || forward);
  const told = changes.map(sentence).join('; ');
  const base = { level, version, changes: changes.map(sentence) };
  if (breaks.length === 0) return { ...base, grade: 'info', text: `${told}: ${level} allows it` };
  const backward = breaks.some((change) => change.backward);
  const forward = breaks.some((change) => change.forward);
  const who = [
    ...(backward ? ['readers with the new schema cannot read the older records'] : []),
    ...(forward ? ['readers with the old schema cannot read the new records'] : []),
  ].join(', and ');
  return { ...base, grade: 'warning', text: `${told}: ${level} allows it, but ${who}` };
}

function isForbidden(level: CompatibilityLevel, { backward, forward }: FieldChange): boolean {
  if (level === 'NONE') return false;
  if (level.startsWith('BACKWARD')) return backward;
  return level.startsWith('FORWARD') ? forward : backward || forward;
}

function sentence({ field, what }: FieldChange): string {
  return field === '' ? what : `field ${field} ${what}`;
}

function fieldChanges(old: AvroType, fresh: AvroType): readonly FieldChange[] {
  const comparison = new Comparison();
  comparison.types(old, fresh, '');
  return comparison.changes;
}

class Comparison {
  readonly changes: FieldChange[] = [];
  /** `before` and `after` are one type: what it changes is told once. */
  readonly #seen = new Map<AvroRecord, Set<AvroRecord>>();

  types(old: AvroType, fresh: AvroType, path: string): void {
    const oldRecord = recordOf(old);
    const freshRecord = recordOf(fresh);
    if (oldRecord === null || freshRecord === null) {
      this.#changed(old, fresh, path);
      return;
    }
    if (isNullable(old) !== isNullable(fresh)) this.#changed(old, fresh, path);
    let seen = this.#seen.get(oldRecord);
    if (seen?.has(freshRecord) === true) return;
    if (seen === undefined) this.#seen.set(oldRecord, (seen = new Set()));
    seen.add(freshRecord);
    this.#records(oldRecord, freshRecord, path);
  }

  #records(old: AvroRecord, fresh: AvroRecord, path: string): void {
    for (const field of old.fields) {
      const now = fresh.fields.find(({ name }) => name === field.name);
      const at = pathOf(path, field.name);
      if (now === undefined) this.#gone(field, at);
      else this.types(field.type, now.type, at);
    }
    for (const field of fresh.fields) {
      if (old.fields.some(({ name }) => name === field.name)) continue;
      const what = field.hasDefault ? 'is new' : 'is new and has no default';
      const at = pathOf(path, field.name);
      this.changes.push({ field: at, what, backward: !field.hasDefault, forward: false });
    }
  }

  #gone(field: AvroField, at: string): void {
    const what = field.hasDefault ? 'is gone' : 'is gone and had no default';
    this.changes.push({ field: at, what, backward: false, forward: !field.hasDefault });
  }

  #changed(old: AvroType, fresh: AvroType, path: string): void {
    const was = shown(old);
    const is = shown(fresh);
    const backward = readingProblems(fresh, old).length > 0;
    const forward = readingProblems(old, fresh).length > 0;
    if (was === is && !backward && !forward) return;
    this.changes.push({ field: path, what: `was ${was}, is ${is}`, backward, forward });
  }
}

/** Columns are told by their own name: both images of a row have the same. */
export function rowField(path: string): string {
  return path.replace(/^(?:before|after)\./, '');
}

function pathOf(path: string, name: string): string {
  return rowField(path === '' ? name : `${path}.${name}`);
}

function recordOf(type: AvroType): AvroRecord | null {
  if (type.kind === 'record') return type;
  if (type.kind !== 'union') return null;
  const records = type.branches.filter((branch) => branch.kind === 'record');
  const others = type.branches.filter(({ kind }) => kind !== 'record' && kind !== 'null');
  return records.length === 1 && others.length === 0 ? (records[0] ?? null) : null;
}

function isNullable(type: AvroType): boolean {
  return type.kind === 'union' && type.branches.some(({ kind }) => kind === 'null');
}

function shown(type: AvroType): string {
  switch (type.kind) {
    case 'union': {
      const others = type.branches.filter(({ kind }) => kind !== 'null').map(shown);
      return isNullable(type) ? `${others.join(' or ')} or null` : others.join(' or ');
    }
    case 'array':
      return `array of ${shown(type.items)}`;
    case 'map':
      return `map of ${shown(type.values)}`;
    case 'record':
    case 'enum':
      return `${type.kind} ${type.name}`;
    case 'fixed':
      return `fixed ${type.name} of ${type.size} bytes`;
    default:
      return type.kind;
  }
}

/** The order and kinds of what is on the wire; a record inside itself is told by its number. */
function layout(type: AvroType, open: Map<AvroType, number>): string {
  switch (type.kind) {
    case 'union':
      return `[${type.branches.map((branch) => layout(branch, open)).join(',')}]`;
    case 'array':
      return `array(${layout(type.items, open)})`;
    case 'map':
      return `map(${layout(type.values, open)})`;
    case 'enum':
      return `enum(${type.symbols.join(',')})`;
    case 'fixed':
      return `fixed(${type.size})`;
    case 'record': {
      const known = open.get(type);
      if (known !== undefined) return `#${known}`;
      open.set(type, open.size);
      const fields = type.fields.map(({ name, type: of }) => `${name}:${layout(of, open)}`);
      return `record(${fields.join(',')})`;
    }
    default:
      return type.kind;
  }
}
