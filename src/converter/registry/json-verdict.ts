import type { CompatibilityLevel } from './compatibility.ts';
import { jsonReadingProblems, parseJsonShape, shownShape } from './json-compatibility.ts';
import type { JsonProblem, JsonRecord, JsonRules, JsonShape } from './json-compatibility.ts';
import type { EarlierVersion, FieldChange, SchemaVerdict } from './schema-verdict.ts';
import { judgeVersions, rowField } from './schema-verdict.ts';

/**
 * `judgeSchema` for JSON Schemas, under all levels and before the registry is asked. Undefined:
 * one of them has words that are the registry's alone to judge.
 */
export function judgeJsonSchema(
  level: CompatibilityLevel,
  schema: string,
  earlier: readonly EarlierVersion[],
  rules: JsonRules,
): SchemaVerdict | null | undefined {
  const shapes = new Map<string, JsonShape>();
  for (const text of [schema, ...earlier.map((version) => version.schema)]) {
    const shape = parseJsonShape(text);
    if (shape === null) return undefined;
    shapes.set(text, shape);
  }
  const between = (old: string, fresh: string): readonly FieldChange[] => {
    const [was, is] = [shapes.get(old), shapes.get(fresh)];
    return was === undefined || is === undefined ? [] : jsonChanges(was, is, rules);
  };
  return judgeVersions(level, schema, earlier, between);
}

/** By field of the row, as readers and the level see it. */
function jsonChanges(old: JsonShape, fresh: JsonShape, rules: JsonRules): readonly FieldChange[] {
  const told = new Map<string, string>();
  compare(old, fresh, '', told);
  const backward = byField(jsonReadingProblems(fresh, old, rules), told);
  const forward = byField(jsonReadingProblems(old, fresh, rules), told);
  const fields = new Set([...told.keys(), ...backward.keys(), ...forward.keys()]);
  return [...fields].map((field) => ({
    field,
    what: told.get(field) ?? backward.get(field) ?? forward.get(field) ?? '',
    backward: backward.has(field),
    forward: forward.has(field),
  }));
}

/** What is wrong somewhere within a field that is told to have changed is wrong with that field. */
function byField(
  problems: readonly JsonProblem[],
  told: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { path, what } of problems) {
    const parts = path.replaceAll(/\[\]|\{\}/g, '').split('.');
    const places = parts.map((_, i) => rowField(parts.slice(0, parts.length - i).join('.')));
    const field = places.find((place) => told.has(place)) ?? places[0] ?? '';
    if (!found.has(field)) found.set(field, what);
  }
  return found;
}

function compare(old: JsonShape, fresh: JsonShape, path: string, told: Map<string, string>): void {
  const [was, is] = [recordIn(old), recordIn(fresh)];
  const [from, to] = [shownShape(old), shownShape(fresh)];
  if (from !== to) told.set(rowField(path), `was ${from}, is ${to}`);
  if (was === null || is === null) return;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const [name, shape] of was.properties) {
    const now = is.properties.get(name);
    if (now !== undefined) compare(shape, now, at(name), told);
    else told.set(rowField(at(name)), gone(is));
  }
  for (const name of is.properties.keys()) {
    if (!was.properties.has(name)) told.set(rowField(at(name)), added(was));
  }
}

/** What is open lets a field of any type in, until the field has one: which no reader expects. */
function added(before: JsonRecord): string {
  const isOpen = before.others.kind === 'any';
  return isOpen ? 'is new, where older schemas let anything be' : 'is new';
}

function gone(after: JsonRecord): string {
  return after.others.kind === 'any'
    ? 'is gone, and the new schema lets anything be there'
    : 'is gone';
}

/** Of what may be null, too. */
function recordIn(shape: JsonShape): JsonRecord | null {
  if (shape.kind === 'object') return shape.isMap ? null : shape;
  if (shape.kind !== 'choice') return null;
  const [only, ...more] = shape.choices.filter(({ kind }) => kind !== 'null');
  return only?.kind === 'object' && more.length === 0 && !only.isMap ? only : null;
}
