import {
  isJsonObject,
  JsonNumber,
  parseLosslessJson,
  type JsonNode,
  type JsonObject,
} from '../../src/foundation/lossless-json.ts';
import { documentText, type GoldenScenario, type MaskedRecord } from './golden-recordings.ts';

/** A recorded record beside the one that we wrote in its place. */
export interface GoldenDifference {
  readonly scenario: string;
  readonly topic: string;
  /** Index in the topic. */
  readonly index: number;
  /** Null: ours has no such record, or theirs has none (`expected` null). */
  readonly expected: MaskedRecord | null;
  readonly actual: MaskedRecord | null;
  /** `value.payload.after.c_int: want 1, got 2` */
  readonly what: readonly string[];
}

/** Compares topic by topic; within a topic the order counts. */
export function compareScenario(
  scenario: GoldenScenario,
  actual: ReadonlyMap<string, readonly MaskedRecord[]>,
): readonly GoldenDifference[] {
  const differences: GoldenDifference[] = [];
  for (const topic of new Set([...scenario.topics.keys(), ...actual.keys()])) {
    const wanted = (scenario.topics.get(topic) ?? []).map(withoutMarkIds);
    const { all, added } = withoutAddedCloses(wanted, actual.get(topic) ?? []);
    for (const [index, found] of added) {
      const what = ['a window is closed'];
      differences.push({
        scenario: scenario.name,
        topic,
        index,
        expected: null,
        actual: found,
        what,
      });
    }
    const got = beats(scenario, topic) ? all.slice(0, wanted.length) : all;
    for (let index = 0; index < Math.max(wanted.length, got.length); index++) {
      const expected = wanted[index] ?? null;
      const found = got[index] ?? null;
      const what = whatDiffers(expected, found);
      if (what.length === 0) continue;
      const place = { scenario: scenario.name, topic, index };
      differences.push({ ...place, expected, actual: found, what });
    }
  }
  return differences;
}

/** How many records each rule explains, a record counting with each of its rules. */
export function countRules(rules: Iterable<readonly string[]>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const names of rules)
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `open` or `close`: a mark in the signal table of a window of an incremental snapshot. */
function markOf({ key }: MaskedRecord): string | null {
  const payload = isJsonObject(key) ? key['payload'] : undefined;
  const id = isJsonObject(payload) ? payload['id'] : undefined;
  return typeof id === 'string' ? (/^[0-9a-f*-]+-(open|close)$/.exec(id)?.[1] ?? null) : null;
}

/** Ids and times of marks differ from run to run. */
function withoutMarkIds(record: MaskedRecord): MaskedRecord {
  if (markOf(record) === null) return record;
  const text = documentText({ key: record.key, value: record.value })
    .replaceAll(/[0-9a-f-]{36}-(open|close)/g, '*-$1')
    .replaceAll(/(Timestamp\\": \\")[^"\\]+/g, '$1*');
  const { key = null, value = null } = parseLosslessJson(text) as JsonObject;
  return { ...record, key, value };
}

/** Closes in places where the recording has none are taken out: the rest keeps its order. */
function withoutAddedCloses(
  wanted: readonly MaskedRecord[],
  actual: readonly MaskedRecord[],
): {
  readonly all: readonly MaskedRecord[];
  readonly added: readonly (readonly [index: number, record: MaskedRecord])[];
} {
  const all: MaskedRecord[] = [];
  const added: [number, MaskedRecord][] = [];
  for (const record of actual.map(withoutMarkIds)) {
    const place = wanted[all.length];
    const isAdded = markOf(record) === 'close' && place !== undefined && markOf(place) !== 'close';
    if (isAdded) added.push([all.length, record]);
    else all.push(record);
  }
  return { all, added };
}

/** How many of these there are depends on the clock. */
function beats(scenario: GoldenScenario, topic: string): boolean {
  if (topic.startsWith('__debezium-heartbeat.')) return true;
  return scenario.name === 'heartbeat' && topic === 'PREFIX.public.hb';
}

/** How many of the recorded records have none of these differences. */
export function equalRecords(
  scenario: GoldenScenario,
  differences: readonly GoldenDifference[],
): number {
  const recorded = [...scenario.topics.values()].reduce((sum, list) => sum + list.length, 0);
  return recorded - differences.filter(({ expected }) => expected !== null).length;
}

function whatDiffers(expected: MaskedRecord | null, found: MaskedRecord | null): string[] {
  if (expected === null) return [`not wanted: ${keyText(found)}`];
  return found === null ? [`missing: ${keyText(expected)}`] : compare(expected, found);
}

function keyText(record: MaskedRecord | null): string {
  const key = record?.key ?? null;
  return short(isJsonObject(key) ? (key['payload'] ?? key) : key);
}

function compare(expected: MaskedRecord, actual: MaskedRecord): string[] {
  return [
    ...differences('key', expected.key, actual.key),
    ...differences('value', expected.value, actual.value),
    ...headerDifferences(expected, actual),
  ];
}

/** Header by header, so that one more does not hide the others. */
function* headerDifferences(expected: MaskedRecord, actual: MaskedRecord): Generator<string> {
  const [wanted, got] = [expected, actual].map(({ headers }) =>
    headers.toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  const has = (list: MaskedRecord['headers'] | undefined, text: string): boolean =>
    list?.some((header) => JSON.stringify(header) === text) ?? false;
  for (const [name, value] of got ?? []) {
    if (has(wanted, JSON.stringify([name, value]))) continue;
    yield `headers.${name}: not wanted: ${value ?? 'null'}`;
  }
  for (const [name, value] of wanted ?? []) {
    if (has(got, JSON.stringify([name, value]))) continue;
    yield `headers.${name}: missing, want ${value ?? 'null'}`;
  }
}

function* differences(place: string, wanted: JsonNode, got: JsonNode): Generator<string> {
  if (documentText(wanted) === documentText(got)) return;
  if (isJsonObject(wanted) && isJsonObject(got)) {
    let inside = false;
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
      const [a, b] = [wanted[name], got[name]];
      if (a !== undefined && b !== undefined && documentText(a) === documentText(b)) continue;
      inside = true;
      const at = `${place}.${name}`;
      if (a === undefined) yield `${at}: not wanted: ${short(b ?? null)}`;
      else if (b === undefined) yield `${at}: missing, want ${short(a)}`;
      else yield* differences(at, a, b);
    }
    if (!inside) yield `${place}: other order of fields`;
    return;
  }
  const [fields, others] = [namedFields(wanted), namedFields(got)];
  if (fields !== null && others !== null) {
    yield* differences(place, fields, others);
    return;
  }
  const [a, b] = [asList(wanted), asList(got)];
  if (a !== null && b !== null && a.length === b.length) {
    for (let i = 0; i < a.length; i++) {
      yield* differences(`${place}[${i}]`, a[i] ?? null, b[i] ?? null);
    }
    return;
  }
  yield `${place}: want ${short(wanted)}, got ${short(got)}`;
}

/** The fields of a struct's schema by their names, so that one more does not hide the others. */
function namedFields(node: JsonNode): JsonObject | null {
  const entries = (asList(node) ?? []).map((item) =>
    isJsonObject(item) && typeof item['field'] === 'string'
      ? ([item['field'], item] as const)
      : null,
  );
  const named = entries.filter((entry) => entry !== null);
  return named.length > 0 && named.length === entries.length ? Object.fromEntries(named) : null;
}

function asList(node: JsonNode): readonly JsonNode[] | null {
  return Array.isArray(node) && !(node instanceof JsonNumber) ? (node as JsonNode[]) : null;
}

function short(node: JsonNode): string {
  const text = documentText(node);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
