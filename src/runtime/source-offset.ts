import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode } from '../foundation/lossless-json.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import { inHashOrder } from '../envelope/transaction-metadata.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { epochState } from './source-positions.ts';
import type { StoredOffset, Transport } from '../transport/transport.ts';

/**
 * Where a source stands is two entries of Connect's offsets topic (ruling 12): Debezium's own, byte
 * for byte as it writes it, so that either program goes on where the other stopped; and ours, which
 * carries the value that it was written beside. Invariant: ours counts only beside that value.
 * Why: Debezium knows nothing of ours and leaves it behind when it runs.
 * What breaks otherwise: we would go back to where we were before Debezium ran, or worse, on.
 */
type OffsetMap = SourceOffset['offset'];

/** Keys of ours in the offset map; all others are Debezium's. */
const OWN_PREFIX = 'tidemark.';

/** Connect's key of a source offset: `["<connector name>",{"server":"<prefix>"}]`. */
export function sourceOffsetKey(name: string, offset: Pick<SourceOffset, 'partition'>): string {
  return JSON.stringify([name, offset.partition]);
}

/**
 * Of our entry. Not under the connector's name: Connect would show it, and hand it to Debezium to
 * judge, whenever somebody alters or resets that connector's offsets.
 */
function ownOffsetKey(name: string, offset: Pick<SourceOffset, 'partition'>): string {
  return JSON.stringify(['tidemark', { connector: name, ...offset.partition }]);
}

/** One text of the whole offset map, to compare offsets by. */
export function encodeSourceOffset(offset: SourceOffset): string {
  return JSON.stringify(offset.offset);
}

/** What is stored of an offset; both entries belong into one transaction or batch. */
export function toConnectEntries(name: string, offset: SourceOffset): readonly StoredOffset[] {
  const own: Record<string, OffsetMap[string]> = {};
  const theirs: Record<string, OffsetMap[string]> = {};
  for (const [key, value] of Object.entries(offset.offset)) {
    if (key.startsWith(OWN_PREFIX)) own[key] = value;
    else if (value !== null) theirs[key] = value;
  }
  const beside = javaJson(theirs);
  const ours = Object.keys(own).length === 0 ? null : JSON.stringify({ beside, offset: own });
  return [
    { key: sourceOffsetKey(name, offset), value: beside },
    { key: ownOffsetKey(name, offset), value: ours },
  ];
}

/** As Connect's JsonConverter prints a HashMap: in its order, int64 as digits. */
function javaJson(map: OffsetMap): string {
  const entries = inHashOrder(Object.keys(map)).map((key) => {
    const value = map[key] ?? null;
    return `${JSON.stringify(key)}:${isLargeInteger(value) ? value : JSON.stringify(value)}`;
  });
  return `{${entries.join(',')}}`;
}

/** An int64 that no JavaScript number holds stands in the map as its digits (P15). */
function isLargeInteger(value: OffsetMap[string]): value is string {
  return typeof value === 'string' && /^\d{16,19}$/.test(value) && !Number.isSafeInteger(+value);
}

/** An offset as it was found, and what somebody has to read about it. */
export interface FoundOffset {
  readonly offset: SourceOffset | null;
  readonly warning: string | null;
  /** Of our entry what tells the epoch of positions, whoever has written the other one since. */
  readonly epoch: OffsetMap;
}

/** Reads where a source stands. Throws STORE_IO when state is damaged, not absent. */
export async function loadSourceOffset(
  transport: Pick<Transport, 'loadOffset'>,
  name: string,
  partition: SourceOffset['partition'],
): Promise<FoundOffset> {
  const theirs = await transport.loadOffset(sourceOffsetKey(name, { partition }));
  const ours = await transport.loadOffset(ownOffsetKey(name, { partition }));
  return fromConnectEntries(name, partition, theirs, ours);
}

/** Puts the two entries together: Debezium's decides, ours counts if it was written beside it. */
export function fromConnectEntries(
  name: string,
  partition: SourceOffset['partition'],
  theirs: string | null,
  ours: string | null,
): FoundOffset {
  const own = ours === null ? null : parseOwn(ours);
  const epoch = epochState(own?.offset ?? {});
  if (theirs === null) {
    const gone = `the offset of ${name} was deleted by somebody else: it starts as if new`;
    return { offset: null, warning: own === null || isReset(own) ? null : gone, epoch };
  }
  const offset = parseOffsetMap(theirs);
  if (own === null) return { offset: { partition, offset }, warning: null, epoch };
  if (sameMap(offset, parseOffsetMap(own.beside))) {
    const whole = { partition, offset: { ...offset, ...own.offset } };
    return { offset: whole, warning: null, epoch };
  }
  return {
    offset: { partition, offset },
    epoch,
    warning:
      `the offset of ${name} was written by somebody else since it last ran (Debezium, or ` +
      "Connect's REST interface): it goes on from there, and what it knew itself is dropped",
  };
}

/** What is stored of a source that is to begin anew: no offset, but for what tells its epoch. */
export function resetEntries(
  name: string,
  partition: SourceOffset['partition'],
  epoch: OffsetMap,
): readonly StoredOffset[] {
  const ours = Object.keys(epoch).length === 0 ? null : { beside: '{}', offset: epoch };
  return [
    { key: sourceOffsetKey(name, { partition }), value: null },
    {
      key: ownOffsetKey(name, { partition }),
      value: ours === null ? null : JSON.stringify(ours),
    },
  ];
}

function isReset({ beside }: { readonly beside: string }): boolean {
  return beside === '{}';
}

/**
 * The offsets that stand in a list of entries, ours put together with those they stand beside. A
 * topic that is shared may have entries of any connector: what is no offset as ours is not listed.
 */
export function joinConnectEntries(
  entries: readonly { readonly key: string; readonly value: string }[],
): readonly { readonly key: string; readonly offset: OffsetMap }[] {
  const values = new Map(entries.map(({ key, value }) => [key, value]));
  return entries.flatMap(({ key, value }) => {
    try {
      const parsed: unknown = JSON.parse(key);
      if (!Array.isArray(parsed) || isOwnKey(parsed)) return [];
      const [name, partition] = parsed as [string, SourceOffset['partition']];
      const ours = values.get(ownOffsetKey(name, { partition })) ?? null;
      const { offset } = fromConnectEntries(name, partition, value, ours);
      return offset === null ? [] : [{ key, offset: offset.offset }];
    } catch {
      return [];
    }
  });
}

function isOwnKey([name, partition]: readonly unknown[]): boolean {
  if (name !== 'tidemark' || typeof partition !== 'object' || partition === null) return false;
  return 'connector' in partition;
}

function parseOwn(text: string): { readonly beside: string; readonly offset: OffsetMap } {
  const node = parse(text);
  if (isJsonObject(node)) {
    const { beside, offset } = node;
    if (typeof beside === 'string' && isJsonObject(offset)) {
      return { beside, offset: valuesOf(offset) };
    }
  }
  throw new TidemarkError('STORE_IO', 'our entry beside the stored source offset is not one');
}

/** An offset map of Connect's: its text, or what was parsed of it without loss. */
export function parseOffsetMap(map: string | JsonNode): OffsetMap {
  const node = typeof map === 'string' ? parse(map) : map;
  if (isJsonObject(node)) return valuesOf(node);
  throw new TidemarkError('STORE_IO', 'the stored source offset is not a map');
}

function parse(text: string): JsonNode {
  try {
    return parseLosslessJson(text);
  } catch (error) {
    throw new TidemarkError('STORE_IO', 'the stored source offset is not JSON', { cause: error });
  }
}

/** Connect allows nothing but primitive values. */
function valuesOf(map: { readonly [key: string]: JsonNode }): OffsetMap {
  const values = Object.entries(map).map(([key, value]): [string, OffsetMap[string]] => {
    if (typeof value === 'bigint') return [key, value.toString()];
    if (value === null || typeof value !== 'object') return [key, value];
    throw new TidemarkError('STORE_IO', `${key} of the stored source offset is not a plain value`);
  });
  return Object.fromEntries(values);
}

function sameMap(a: OffsetMap, b: OffsetMap): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/**
 * What to make of a failure to go on from an offset: if another daemon of the pipeline has stored a
 * later one since it was loaded, PG_SLOT_IN_USE, which has it loaded again; else the error itself.
 */
export async function staleOffset(
  transport: Pick<Transport, 'loadOffset'>,
  name: string,
  loaded: SourceOffset,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof TidemarkError) || error.code !== 'PG_SLOT_MISMATCH') return error;
  const { offset } = await loadSourceOffset(transport, name, loaded.partition);
  if (offset === null || encodeSourceOffset(offset) === encodeSourceOffset(loaded)) return error;
  const message = `another daemon of ${name} has gone on since: its offset is loaded`;
  return new TidemarkError('PG_SLOT_IN_USE', message, { cause: error });
}

/**
 * Without PG_SLOT_MISMATCH where the daemon of the pipeline has stored a later offset since
 * `stored` was read: its slot goes on with it, which is nobody else's doing.
 *
 * @param storedNow - asked only when there is such a problem
 */
export async function withoutOwnMoves(
  problems: readonly TidemarkError[],
  stored: SourceOffset | null,
  storedNow: () => Promise<SourceOffset | null>,
): Promise<readonly TidemarkError[]> {
  const others = problems.filter(({ code }) => code !== 'PG_SLOT_MISMATCH');
  if (stored === null || others.length === problems.length) return problems;
  const now = await storedNow();
  const hasMoved = now !== null && encodeSourceOffset(now) !== encodeSourceOffset(stored);
  return hasMoved ? others : problems;
}

/** The offset with what others than the reader keep in it; the same one where they have nothing. */
export function withState(offset: SourceOffset, state: SourceOffset['offset']): SourceOffset {
  if (Object.keys(state).length === 0) return offset;
  return { ...offset, offset: { ...offset.offset, ...state } };
}
