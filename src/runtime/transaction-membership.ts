import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { isStruct } from '../model/connect-schema.ts';

/** To which transaction an event belongs, by the block `transaction` of its envelope. */
export interface Membership {
  /** As `transactionKey` makes it. */
  readonly transaction: string;
  /** Its number in the transaction, from 1. */
  readonly order: number;
  /** False: a logical message, which belongs to no table. */
  readonly isRow: boolean;
}

/** A record of the topic of transaction metadata. */
export interface TransactionMark {
  readonly status: 'BEGIN' | 'END';
  readonly transaction: string;
  /**
   * Of an END what tells the transaction from all others: of PostgreSQL its number and the position
   * of its commit, of a binlog without GTIDs its place and time. Null: nothing does.
   */
  readonly id: string | null;
  /** Of an END: events by data collection (`schema.table`, `database.table`). */
  readonly collections: readonly { readonly name: string; readonly events: number }[];
}

/** Where the fields stand; null: such values have no block. */
interface BlockPlaces {
  readonly block: number;
  readonly op: number;
  readonly id: number;
  readonly order: number;
}

const places = new WeakMap<ConnectSchema, BlockPlaces | 'none'>();

/**
 * The same text for all events and both records of a transaction: of PostgreSQL the id of each
 * event has the event's own position behind the transaction's number.
 */
export function transactionKey(id: string): string {
  return /^\d+:\d+$/.test(id) ? id.slice(0, id.indexOf(':')) : id;
}

/** Null: no change of a transaction (rows of a snapshot, tombstones, heartbeats). */
export function membershipOf(value: Struct | null): Membership | null {
  if (value === null) return null;
  let found = places.get(value.schema);
  if (found === undefined) {
    found = findPlaces(value.schema);
    places.set(value.schema, found);
  }
  if (found === 'none') return null;
  const block = value.values[found.block];
  if (block === undefined || block === null || !isStruct(block)) return null;
  return {
    transaction: transactionKey(textOf(block.values[found.id])),
    order: numberOf(block.values[found.order]),
    isRow: value.values[found.op] !== 'm',
  };
}

/** True: an envelope of a change, which has no place for a block or none in it. */
export function isChange(value: Struct | null): boolean {
  if (value === null) return false;
  return ['c', 'u', 'd', 't'].includes(textOf(value.values[indexOf(value.schema, 'op')]));
}

/** Null: not what such a topic holds. */
export function transactionMark(value: Struct | null): TransactionMark | null {
  if (value === null) return null;
  const field = (name: string): ConnectValue => value.values[indexOf(value.schema, name)] ?? null;
  const status = field('status');
  if (status !== 'BEGIN' && status !== 'END') return null;
  const id = textOf(field('id'));
  const list = field('data_collections');
  const collections = Array.isArray(list)
    ? list.flatMap((one: ConnectValue) => {
        if (one === null || !isStruct(one)) return [];
        const name = textOf(one.values[indexOf(one.schema, 'data_collection')]);
        return { name, events: numberOf(one.values[indexOf(one.schema, 'event_count')]) };
      })
    : [];
  const transaction = transactionKey(id);
  return { status, id: uniqueId(id, field('ts_ms')), transaction, collections };
}

/** A binlog that was reset has the same places again, at another time. */
function uniqueId(id: string, time: ConnectValue): string | null {
  if (!id.startsWith('file=')) return id;
  const timeMs = numberOf(time);
  return timeMs === 0 ? null : `${id}@${timeMs}`;
}

function findPlaces(schema: ConnectSchema): BlockPlaces | 'none' {
  const block = indexOf(schema, 'transaction');
  const inner = schema.fields?.[block]?.schema;
  if (inner === undefined) return 'none';
  const [id, order] = [indexOf(inner, 'id'), indexOf(inner, 'total_order')];
  return id < 0 || order < 0 ? 'none' : { block, id, order, op: indexOf(schema, 'op') };
}

function indexOf(schema: ConnectSchema, name: string): number {
  return schema.fields?.findIndex((field) => field.name === name) ?? -1;
}

function textOf(value: ConnectValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: ConnectValue | undefined): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
}
