import keyDocument from '../../schemas/transaction-key.json' with { type: 'json' };
import valueDocument from '../../schemas/transaction-value.json' with { type: 'json' };
import { must } from '../foundation/assert.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import type {
  BinlogOrigin,
  ChangeOrigin,
  PostgresOrigin,
  SourceOffset,
} from '../model/change-event.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { TRANSACTION_SCHEMA } from './source-block.ts';

/** `io.debezium.connector.common.TransactionMetadataKey` */
export const TRANSACTION_KEY_SCHEMA: ConnectSchema = schemaFromJson(keyDocument);
/** `io.debezium.connector.common.TransactionMetadataValue` */
export const TRANSACTION_VALUE_SCHEMA: ConnectSchema = schemaFromJson(valueDocument);

/** A record of the transaction topic, before its converter. */
export interface TransactionRecord {
  readonly key: Struct;
  readonly value: Struct;
}

/** Of ours, because Debezium reads an open transaction again from its beginning. */
const ID = 'tidemark.transaction_id';
const COUNT_PREFIX = 'tidemark.transaction_order_';
/** Debezium's, where we go on after it. */
const DEBEZIUM_ID = 'transaction_id';
const DEBEZIUM_COUNT_PREFIX = 'transaction_data_collection_order_';

/** As far as an event says to which transaction it belongs. */
type Membership =
  | Pick<PostgresOrigin, 'family' | 'transactionId' | 'commitLsn' | 'lsn' | 'snapshot'>
  | Pick<BinlogOrigin, 'family' | 'transactionId' | 'snapshot'>;

/**
 * Counts the events of the open transaction (provide.transaction.metadata): the block of each
 * event, and the records that begin and end it. The counts are part of the source offset, because
 * a transaction may be published in several batches with a crash in between (ruling 13).
 */
export class TransactionMetadata {
  /** As `identity` names it, of Debezium's offset as that does; null: none is open. */
  #open: string | null = null;
  #total = 0;
  readonly #counts = new Map<string, number>();
  /** Was open when another one began, with what was counted of it. */
  #abandoned: { readonly id: string; readonly counts: readonly ConnectValue[] } | null = null;

  /**
   * True: the event is the first of its transaction, so the record that begins it is due, behind
   * the one that ends an abandoned transaction, if there is any.
   */
  enters(origin: Membership): boolean {
    // Rows that a snapshot read were written by other transactions than the one that it names.
    if (origin.transactionId === null || origin.snapshot !== 'false') return false;
    const id = identity(origin);
    if (id === this.#open) return false;
    const begun = this.#open === String(origin.transactionId);
    // MariaDB has groups without events, whose BEGIN nothing ends, as in the original.
    if (!begun && origin.family === 'postgres') this.abandon();
    this.#open = id;
    if (begun) return false;
    this.#total = 0;
    this.#counts.clear();
    return true;
  }

  /** Counts an event and gives its block; null where there is no transaction. */
  block(origin: Membership, collection: string): Struct | null {
    if (origin.transactionId === null || this.#open === null) return null;
    if (origin.snapshot !== 'false') return null;
    const count = (this.#counts.get(collection) ?? 0) + 1;
    this.#counts.set(collection, count);
    this.#total++;
    const values = [eventId(origin), BigInt(this.#total), BigInt(count)];
    return { schema: TRANSACTION_SCHEMA, values };
  }

  /** The record that begins the transaction of its first event. */
  begin(origin: ChangeOrigin): TransactionRecord {
    return record('BEGIN', eventId(origin), [null, null], origin);
  }

  /** The record that ends the open transaction; afterwards none is open. */
  end(origin: ChangeOrigin): TransactionRecord {
    this.#open = null;
    return record('END', identity(origin), this.#counted(), origin);
  }

  /** The rest of the open transaction will never come: whoever waits for its end has to be told. */
  abandon(): void {
    if (this.#open !== null) this.#abandoned = { id: this.#open, counts: this.#counted() };
    this.#open = null;
  }

  /** The record that ends an abandoned one, with as many events as were told of it; once. */
  takeAbandoned(at: Pick<ChangeOrigin, 'sourceMicros'>): TransactionRecord | null {
    const left = this.#abandoned;
    this.#abandoned = null;
    return left === null ? null : record('END', left.id, left.counts, at);
  }

  #counted(): readonly ConnectValue[] {
    const item = must(collectionSchema(), 'the schema has collections');
    const collections = inHashOrder([...this.#counts.keys()]).map((name): Struct => {
      return { schema: item, values: [name, BigInt(this.#counts.get(name) ?? 0)] };
    });
    return [BigInt(this.#total), collections];
  }

  /** What the source offset has to keep; empty between transactions. */
  offset(): SourceOffset['offset'] {
    if (this.#open === null) return {};
    const counts = [...this.#counts].map(([name, count]) => [COUNT_PREFIX + name, count] as const);
    return { [ID]: this.#open, ...Object.fromEntries(counts) };
  }

  /** The same without the event of this collection that was counted last. */
  offsetBefore(collection: string): SourceOffset['offset'] {
    const key = COUNT_PREFIX + collection;
    const { [key]: count, ...rest } = this.offset();
    if (typeof count !== 'number') return this.offset();
    return count > 1 ? { ...rest, [key]: count - 1 } : rest;
  }

  /** Goes on where a stored offset stands. */
  restore(offset: SourceOffset['offset']): void {
    const own = typeof offset[ID] === 'string';
    const id = offset[own ? ID : DEBEZIUM_ID];
    const prefix = own ? COUNT_PREFIX : DEBEZIUM_COUNT_PREFIX;
    this.#open = typeof id === 'string' ? id : null;
    this.#counts.clear();
    this.#total = 0;
    if (this.#open === null) return;
    for (const [name, count] of Object.entries(offset)) {
      if (!name.startsWith(prefix) || typeof count !== 'number') continue;
      this.#counts.set(name.slice(prefix.length), count);
      this.#total += count;
    }
  }
}

/** An xid comes again after some time, its commit does not. Also the id of the END. */
function identity(origin: Membership): string {
  if (origin.family === 'binlog') return idOf(origin);
  return `${idOf(origin)}:${origin.commitLsn}`;
}

/** As the original: of PostgreSQL the transaction and the position of what is told. */
function eventId(origin: Membership): string {
  return origin.family === 'binlog' ? idOf(origin) : `${idOf(origin)}:${origin.lsn}`;
}

function idOf({ transactionId }: Membership): string {
  return String(must(transactionId, 'an event of a transaction'));
}

function record(
  status: 'BEGIN' | 'END',
  id: string,
  counts: readonly ConnectValue[],
  origin: Pick<ChangeOrigin, 'sourceMicros'>,
): TransactionRecord {
  const values = [status, id, ...counts, floorDiv(origin.sourceMicros, 1000n)];
  return {
    key: { schema: TRANSACTION_KEY_SCHEMA, values: [id] },
    value: { schema: TRANSACTION_VALUE_SCHEMA, values },
  };
}

function collectionSchema(): ConnectSchema | undefined {
  const field = TRANSACTION_VALUE_SCHEMA.fields?.find(({ name }) => name === 'data_collections');
  return field?.schema.valueSchema;
}

/** The order in which Java's HashMap has these names when they came in this order. */
export function inHashOrder(names: readonly string[], capacity = 16): readonly string[] {
  let buckets = capacity;
  while (names.length > buckets * 0.75) buckets *= 2;
  const bucket = (name: string): number => {
    const hash = javaHash(name);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return names.toSorted((a, b) => bucket(a) - bucket(b));
}

function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
