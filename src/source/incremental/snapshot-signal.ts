import type { SourceSignal } from '../../model/source-signal.ts';
import type { BlockingRequest } from './snapshot-state.ts';

/** An execute-snapshot signal. */
export interface ExecuteRequest extends BlockingRequest {
  readonly surrogate: string | null;
}

/** A signal of our own: rows of these keys are told again, and those that are gone as deleted. */
export interface RepairRequest {
  readonly snapshotId: string;
  /** `schema.table`, no pattern. */
  readonly collection: string;
  /** Names of the key's columns, in the order of its texts. */
  readonly keyColumns: readonly string[];
  /** As the source prints them; bytes as hexadecimal digits. */
  readonly keys: readonly (readonly string[])[];
}

/** What a signal asks for. */
export type SignalCommand =
  | { readonly kind: 'incremental' | 'blocking'; readonly request: ExecuteRequest }
  | { readonly kind: 'repair'; readonly request: RepairRequest }
  /** No collections: all. */
  | { readonly kind: 'stop'; readonly collections: readonly string[] }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'log'; readonly message: string }
  /** Debezium's own marks in the signal table. */
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * Reads a signal; what cannot be understood is told and changes nothing. `problemOf` says why a
 * condition cannot stand in a query of ours, in the SQL of the family; null: it can.
 */
export function parseSignal(
  signal: SourceSignal,
  problemOf: (condition: string) => string | null,
): SignalCommand {
  const { type } = signal;
  if (type === 'snapshot-window-open' || type === 'snapshot-window-close') return { kind: 'none' };
  const data = parseData(signal.data);
  if (data === null) return { kind: 'invalid', reason: 'its data is not a JSON object' };
  switch (type) {
    case 'execute-snapshot':
      return execute(signal.id, data, problemOf);
    case 'repair-rows':
      return repair(signal.id, data);
    case 'stop-snapshot':
      return { kind: 'stop', collections: texts(data['data-collections']) ?? [] };
    case 'pause-snapshot':
      return { kind: 'pause' };
    case 'resume-snapshot':
      return { kind: 'resume' };
    case 'log': {
      const message = data['message'];
      return typeof message === 'string'
        ? { kind: 'log', message }
        : { kind: 'invalid', reason: 'it has no message' };
    }
    case 'schema-changes':
      return { kind: 'invalid', reason: 'the shape of a table comes with the stream' };
    case '':
      return { kind: 'invalid', reason: 'it has no type' };
    default:
      return { kind: 'invalid', reason: `there is no signal of type ${type}` };
  }
}

function execute(
  id: string,
  data: Readonly<Record<string, unknown>>,
  problemOf: (condition: string) => string | null,
): SignalCommand {
  const collections = texts(data['data-collections']);
  if (collections === null || collections.length === 0) {
    return { kind: 'invalid', reason: 'data-collections must be a list of names' };
  }
  const type = data['type'] ?? 'incremental';
  const kind = typeof type === 'string' ? type.toLowerCase() : '';
  if (kind !== 'incremental' && kind !== 'blocking') {
    return { kind: 'invalid', reason: 'type must be incremental or blocking' };
  }
  const conditions = conditionsOf(data, collections);
  if (conditions === null) {
    return { kind: 'invalid', reason: 'additional-conditions have no data-collection and filter' };
  }
  for (const [name, filter] of conditions) {
    const problem = problemOf(filter);
    if (problem !== null) {
      return { kind: 'invalid', reason: `the condition of ${name} ${problem}` };
    }
  }
  const surrogate = data['surrogate-key'];
  return {
    kind,
    request: {
      snapshotId: id,
      collections,
      conditions,
      surrogate: typeof surrogate === 'string' && surrogate !== '' ? surrogate : null,
    },
  };
}

/** They stand in the source offset until they are read. */
const REPAIR_KEYS_MOST = 1_000;

function repair(snapshotId: string, data: Readonly<Record<string, unknown>>): SignalCommand {
  const { 'data-collection': collection, 'key-columns': columns, keys: listed } = data;
  const keyColumns = texts(columns) ?? [];
  if (typeof collection !== 'string' || keyColumns.length === 0) {
    return { kind: 'invalid', reason: 'it has no data-collection with key-columns' };
  }
  const keys = Array.isArray(listed) ? listed.map(texts) : [];
  const isWhole = (key: readonly string[] | null): key is readonly string[] =>
    key?.length === keyColumns.length;
  if (keys.length === 0 || keys.length > REPAIR_KEYS_MOST || !keys.every(isWhole)) {
    const reason = `keys must be 1 to ${REPAIR_KEYS_MOST} lists of ${keyColumns.length} texts`;
    return { kind: 'invalid', reason };
  }
  return { kind: 'repair', request: { snapshotId, collection, keyColumns, keys } };
}

/** `additional-conditions`, and the older `additional-condition` for all collections. */
function conditionsOf(
  data: Readonly<Record<string, unknown>>,
  collections: readonly string[],
): readonly (readonly [string, string])[] | null {
  const one = data['additional-condition'];
  if (typeof one === 'string' && one.trim() !== '') {
    return collections.map((name) => [name, plain(one)]);
  }
  const list = data['additional-conditions'] ?? [];
  if (!Array.isArray(list)) return null;
  const conditions: (readonly [string, string])[] = [];
  for (const entry of list as readonly unknown[]) {
    if (typeof entry !== 'object' || entry === null) return null;
    const { 'data-collection': collection, filter } = entry as Record<string, unknown>;
    if (typeof collection !== 'string' || typeof filter !== 'string') return null;
    conditions.push([collection, plain(filter)]);
  }
  return conditions;
}

/** A statement may end as statements do. */
function plain(filter: string): string {
  return filter.replace(/[;\s]+$/, '');
}

function texts(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((entry) => typeof entry === 'string') ? value : null;
}

function parseData(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
