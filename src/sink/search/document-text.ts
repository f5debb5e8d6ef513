import { documentEncoder } from '../../../dialects/search/search-document.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { formatLosslessJson } from '../../foundation/lossless-json.ts';
import type { ConnectSchema, Struct } from '../../model/connect-schema.ts';
import type { DocumentChange } from './document-change.ts';
import { DocumentMetadata } from './document-metadata.ts';
import type { SearchProduct } from './search-client.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** What a document says of its row with delete.mode soft. */
export const DELETED_FIELD = '_deleted';
export const DELETED_AT_FIELD = '_deleted_at';

/** The field that every document of a data stream has. */
export const STREAM_TIME_FIELD = '@timestamp';

type Encode = ReturnType<typeof documentEncoder>;

type TextOptions = Pick<
  SearchSinkOptions,
  'compactMaps' | 'deleteMode' | 'dataStream' | 'metadataColumns'
>;

/** Documents as JSON, by encoders compiled once for each schema of a row. */
export class DocumentText {
  readonly #product: SearchProduct['name'];
  readonly #options: TextOptions;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** Null: documents have the row alone. */
  readonly #metadata: DocumentMetadata | null;
  readonly #encoders = new WeakMap<ConnectSchema, Encode>();

  constructor(
    { name }: SearchProduct,
    options: TextOptions,
    clock: Pick<Clock, 'nowMs'> = systemClock,
  ) {
    this.#product = name;
    this.#options = options;
    this.#clock = clock;
    const { metadataColumns, compactMaps } = options;
    this.#metadata =
      metadataColumns.length === 0
        ? null
        : new DocumentMetadata(metadataColumns, { product: name, compactMaps });
  }

  /** The document of a row that is there. Throws SINK_RECORD. */
  ofRow(change: DocumentChange): string {
    const text = joined(this.#fields(change), this.#told(change, false));
    const { deleteMode, dataStream } = this.#options;
    if (dataStream !== null) return joined(text, this.#streamTime(change));
    return deleteMode === 'soft' ? joined(text, `"${DELETED_FIELD}":false`) : text;
  }

  /** The same with its absent values from a stored document; what that lacks stays out. */
  ofCompletedRow(change: DocumentChange, stored: JsonObject): string {
    const values = change.absent.flatMap((name) => {
      const value = stored[name];
      return value === undefined ? [] : `${JSON.stringify(name)}:${formatLosslessJson(value)}`;
    });
    return joined(this.ofRow(change), values.join(','));
  }

  /** What a row was under its other key. */
  ofMovedRow(stored: JsonObject): string {
    return formatLosslessJson(stored);
  }

  /** What is left of a row that is deleted; null: no document had it, and there is its key. */
  ofDeletedRow(change: DocumentChange, stored: JsonObject | null): string {
    const at = new Date(change.timestampMs).toISOString();
    const marks = `"${DELETED_FIELD}":true,"${DELETED_AT_FIELD}":"${at}"`;
    const told = [marks, this.#told(change, true)].filter((part) => part !== '').join(',');
    if (stored === null) return joined(this.#fields(change), told);
    const anew = new Set([DELETED_FIELD, DELETED_AT_FIELD]);
    // A tombstone has nothing to say of the change: the delete before it had.
    if (change.origin.value !== null)
      for (const name of this.#metadata?.fields ?? []) anew.add(name);
    const kept = Object.entries(stored).filter(([name]) => !anew.has(name));
    return joined(formatLosslessJson(Object.fromEntries(kept)), told);
  }

  /** Members that tell of the change; empty: none. */
  #told({ origin }: DocumentChange, isDelete: boolean): string {
    if (this.#metadata === null) return '';
    return this.#metadata.ofRecord(origin, isDelete, this.#clock.nowMs()).slice(1, -1);
  }

  #fields({ row, absent }: DocumentChange): string {
    if (row === null) return '{}';
    let encode = this.#encoders.get(row.schema);
    if (encode === undefined) {
      const { compactMaps } = this.#options;
      encode = documentEncoder(row.schema, { product: this.#product, compactMaps });
      this.#encoders.set(row.schema, encode);
    }
    return encode(row, absent);
  }

  /** A number of ms is a time as it is; a text is left to the server. */
  #streamTime({ row, timestampMs }: DocumentChange): string {
    const names = this.#options.dataStream?.timestampFields ?? [];
    const told = names.map((name) => fieldValue(row, name)).find((value) => value !== null);
    const time = told ?? timestampMs;
    return `"${STREAM_TIME_FIELD}":${typeof time === 'string' ? JSON.stringify(time) : time}`;
  }
}

function fieldValue(row: Struct | null, name: string): string | number | bigint | null {
  const index = row?.schema.fields?.findIndex((field) => field.name === name) ?? -1;
  const value = row?.values[index];
  const isTime =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  return isTime ? value : null;
}

/** Adds members to the text of an object. */
function joined(object: string, members: string): string {
  if (members === '') return object;
  return object === '{}' ? `{${members}}` : `${object.slice(0, -1)},${members}}`;
}
