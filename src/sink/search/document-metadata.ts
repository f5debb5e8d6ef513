import { documentEncoder, type DocumentEncoder } from '../../../dialects/search/search-document.ts';
import { wantedMapping } from '../../../dialects/search/search-mapping.ts';
import type { SearchTarget } from '../../../dialects/search/search-target.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { type ChangeReader, METADATA, type MetadataColumn } from '../change-metadata.ts';

type Readers = readonly ChangeReader[];

/** Fields `_cdc_<name>` of a mapping. */
export function metadataMapping(
  columns: readonly MetadataColumn[],
  target: SearchTarget,
): JsonObject {
  const { properties } = wantedMapping(metadataRow(columns), target);
  return isJsonObject(properties) ? properties : {};
}

/** What a document tells of the change that its row comes from (`metadata.columns`). */
export class DocumentMetadata {
  /** Names of its fields. */
  readonly fields: readonly string[];
  readonly #columns: readonly MetadataColumn[];
  readonly #row: ConnectSchema;
  readonly #encode: DocumentEncoder;
  readonly #readers = new WeakMap<ConnectSchema, Readers>();
  /** Of tombstones. */
  #bare: Readers | null = null;

  constructor(columns: readonly MetadataColumn[], target: SearchTarget) {
    this.#columns = columns;
    this.#row = metadataRow(columns);
    this.fields = (this.#row.fields ?? []).map(({ name }) => name);
    this.#encode = documentEncoder(this.#row, target);
  }

  /** A JSON object, without what the record does not say (a tombstone behind its delete). */
  ofRecord(record: SinkRecord, isDelete: boolean, nowMs: number): string {
    const facts = { record, isDelete, nowMicros: BigInt(nowMs) * 1000n };
    const absent: string[] = [];
    const values = this.#readersOf(record).map((read, i): ConnectValue => {
      const value = read(facts);
      if (value === undefined) absent.push(this.fields[i] as string);
      return value ?? null;
    });
    return this.#encode({ schema: this.#row, values }, absent);
  }

  #readersOf({ value }: SinkRecord): Readers {
    const compile = (schema: ConnectSchema | null): Readers =>
      this.#columns.map((name) => METADATA[name].reader(schema));
    if (value === null) return (this.#bare ??= compile(null));
    let readers = this.#readers.get(value.schema);
    if (readers === undefined) this.#readers.set(value.schema, (readers = compile(value.schema)));
    return readers;
  }
}

function metadataRow(columns: readonly MetadataColumn[]): ConnectSchema {
  const fields = columns.map((name) => ({
    name: METADATA[name].name,
    schema: METADATA[name].schema,
  }));
  return { type: 'struct', optional: false, fields };
}
