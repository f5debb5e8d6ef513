import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import { TidemarkError } from '../../foundation/errors.ts';

/*
 * What the sink keeps of documents that several rows make (`document.nest`), in an index beside
 * theirs. Rows are the JSON texts of which documents are put together.
 */

/** A row with where its last change stands; those that are gone stay for a while. */
export interface KeptRow {
  /** In decimal. */
  readonly version: string;
  /** Null: it is gone, since `goneAtMs`. */
  readonly row: string | null;
  readonly goneAtMs: number;
}

/** What makes one document. */
export interface ParentState {
  /** Rises with each change of any row; the version of the document. */
  readonly revision: number;
  /** The row of the document itself; null: none came yet. */
  readonly own: KeptRow | null;
  /** By field the rows that belong to it, by id. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, KeptRow>>;
}

/** Where one nested row is. */
export interface ChildState extends KeptRow {
  /** Id of the document that it belongs to; null: none. */
  readonly parent: string | null;
  /** Documents that it may still stand in: it was to be taken out of them. */
  readonly left: readonly string[];
}

export const NO_PARENT_STATE: ParentState = { revision: 0, own: null, fields: new Map() };

/** Versions are decimals without zeros in front. */
export function isLater(one: string, other: string): boolean {
  return one.length === other.length ? one > other : one.length > other.length;
}

/** The state without rows that are gone for longer than anything older may still be on its way. */
export function withoutForgotten(state: ParentState, beforeMs: number): ParentState {
  const fields = new Map<string, ReadonlyMap<string, KeptRow>>();
  for (const [field, rows] of state.fields) {
    const kept = [...rows].filter(([, { row, goneAtMs }]) => row !== null || goneAtMs >= beforeMs);
    if (kept.length > 0) fields.set(field, kept.length === rows.size ? rows : new Map(kept));
  }
  return { ...state, fields };
}

/** Since when nothing of it is there; null: something is. */
export function goneSince({ own, fields }: ParentState): number | null {
  const rows = [...fields.values()].flatMap((each) => [...each.values()]);
  if (own !== null) rows.push(own);
  if (rows.some(({ row }) => row !== null)) return null;
  return rows.reduce((last, { goneAtMs }) => Math.max(last, goneAtMs), 0);
}

/** The document; null: there is no row that it could be of. */
export function nestedDocument(
  { own, fields }: ParentState,
  names: readonly string[],
): string | null {
  const row = own?.row ?? null;
  if (row === null) return null;
  const members = names.map((name) => {
    const rows = sorted(fields.get(name) ?? new Map()).flatMap(([, kept]) => kept.row ?? []);
    return `${JSON.stringify(name)}:[${rows.join(',')}]`;
  });
  return `${row.slice(0, -1)}${row === '{}' ? '' : ','}${members.join(',')}}`;
}

/** In the order of their keys: numbers by value, several columns one by one. */
function sorted(rows: ReadonlyMap<string, KeptRow>): readonly (readonly [string, KeptRow])[] {
  return [...rows].toSorted(([left], [right]) => compareIds(left, right));
}

const WHOLE = /^-?\d{1,15}$/;
const COMPOSITE = /^\[.*\]$/;

function compareIds(left: string, right: string): number {
  if (COMPOSITE.test(left) && COMPOSITE.test(right)) {
    const [ours, theirs] = [partsOf(left), partsOf(right)];
    for (let i = 0; i < Math.min(ours.length, theirs.length); i++) {
      const order = compareParts(ours[i] ?? '', theirs[i] ?? '');
      if (order !== 0) return order;
    }
  }
  return compareParts(left, right);
}

function compareParts(left: string, right: string): number {
  if (WHOLE.test(left) && WHOLE.test(right)) return Number(left) - Number(right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A text may look like a key of several columns. */
function partsOf(id: string): readonly string[] {
  try {
    return (JSON.parse(id) as readonly unknown[]).map(String);
  } catch {
    return [id];
  }
}

/** The text of what is kept of a document; `id` and `kind` are what scans look for. */
export function parentText(id: string, state: ParentState): string {
  const { revision, own, fields } = state;
  const gone = goneSince(state);
  const rows = [...fields].map(([name, each]) => {
    const texts = sorted(each).map(([key, kept]) => `[${JSON.stringify(key)},${keptText(kept)}]`);
    return `${JSON.stringify(name)}:[${texts.join(',')}]`;
  });
  const head =
    `{"kind":"parent","id":${JSON.stringify(id)},"version":"${own?.version ?? 0}",` +
    `"has_row":${(own?.row ?? null) !== null}${gone === null ? '' : `,"gone_at":${gone}`}`;
  const ownText = own === null ? 'null' : `[${keptText(own)}]`;
  return `${head},"state":{"revision":${revision},"own":${ownText},"fields":{${rows.join(',')}}}}`;
}

/** The text of what is kept of a nested row. */
export function childText(id: string, field: string, state: ChildState): string {
  const gone = state.row === null ? `,"gone_at":${state.goneAtMs}` : '';
  return (
    `{"kind":"child","field":${JSON.stringify(field)},"id":${JSON.stringify(id)},` +
    `"version":"${state.version}","has_row":${state.row !== null}${gone},` +
    `"state":{"own":[${keptText(state)}],"parent":${JSON.stringify(state.parent)},` +
    `"left":${JSON.stringify(state.left)}}}`
  );
}

function keptText({ version, row, goneAtMs }: KeptRow): string {
  return row === null ? `"${version}",null,${goneAtMs}` : `"${version}",${JSON.stringify(row)}`;
}

/** Reads `parentText`. */
export function readParent(source: JsonObject): ParentState {
  const state = stateOf(source);
  const { revision, own, fields } = state;
  if (typeof revision !== 'number' || !isJsonObject(fields)) throw unreadable();
  return {
    revision,
    own: own === null || own === undefined ? null : readKept(own, 0),
    fields: new Map(
      Object.entries(fields).map(([name, rows]) => [
        name,
        new Map(listOf(rows).map((row) => [textOf(listOf(row)[0]), readKept(row, 1)])),
      ]),
    ),
  };
}

/** Reads `childText`. */
export function readChild(source: JsonObject): ChildState {
  const { own, parent, left } = stateOf(source);
  return {
    ...readKept(own, 0),
    parent: parent === null ? null : textOf(parent),
    left: listOf(left).map(textOf),
  };
}

function stateOf(source: JsonObject): JsonObject {
  const { state } = source;
  if (!isJsonObject(state)) throw unreadable();
  return state;
}

function readKept(node: JsonNode | undefined, from: number): KeptRow {
  const [version, row, goneAtMs] = listOf(node).slice(from);
  return {
    version: textOf(version),
    row: row === null ? null : textOf(row),
    goneAtMs: typeof goneAtMs === 'number' ? goneAtMs : 0,
  };
}

function listOf(node: JsonNode | undefined): readonly JsonNode[] {
  if (Array.isArray(node)) return node as readonly JsonNode[];
  throw unreadable();
}

function textOf(node: JsonNode | undefined): string {
  if (typeof node === 'string') return node;
  throw unreadable();
}

function unreadable(): TidemarkError {
  return new TidemarkError('SINK_SCHEMA', 'the index beside that of document.nest was changed', {
    cure: 'Delete both indices, and move the offsets of the sink back.',
  });
}
