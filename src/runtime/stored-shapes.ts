import { schemaJson } from '../converter/json-text.ts';
import { parseLosslessJson } from '../foundation/lossless-json.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { AlertEvent } from '../model/alert.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { KnownShape, ShapedTable, TableShape } from '../model/table-shape.ts';
import type { DocumentStore } from '../transport/transport.ts';

const HEADS = 'table-shapes';
const VERSIONS = 'table-shape-versions';
/** What somebody may want to see again; older versions go as new ones come. */
const KEPT_VERSIONS = 500;

/** One shape of a table, from a place in the source's log on. */
export interface ShapeVersion {
  readonly version: number;
  /** `schema.table` */
  readonly table: string;
  /** `key` of the event that made it; null: it was the first one seen. */
  readonly event: string | null;
  readonly position: string | null;
  readonly atMs: number;
  readonly ddl: string | null;
  /** Null: the table had gone. */
  readonly shape: TableShape | null;
  /** The form of its records; null: it could not be captured. */
  readonly schema: StoredSchema | null;
}

/** A `TableSchema` without how its values are read: what the schemas of records are made from. */
export interface StoredSchema extends Pick<TableSchema, 'id' | 'keyColumns' | 'replicaIdentity'> {
  readonly columns: readonly {
    readonly name: string;
    /** In the form of Connect's JsonConverter. */
    readonly schema: string;
    readonly sourceType: string;
    readonly identity: boolean;
    readonly keyOnly?: true;
  }[];
}

interface Head extends KnownShape {
  /** `key` of the event that was told last. */
  readonly event: string | null;
  /** It tells of this shape, and may not have been raised yet. */
  readonly alert?: AlertEvent;
}

/** What a version is made of. */
export interface NewShape {
  readonly event: string | null;
  readonly position: string | null;
  readonly atMs: number;
  readonly ddl: string | null;
  readonly after: ShapedTable | null;
  readonly rewritten?: string;
  /** Stored with the shape, until `raised`. */
  readonly alert?: AlertEvent;
}

/** All shapes that tables of a pipeline have had, durably, in documents beside the log. */
export class StoredShapes {
  readonly #documents: DocumentStore;
  readonly #pipeline: string;

  constructor(documents: DocumentStore, pipeline: string) {
    this.#documents = documents;
    this.#pipeline = pipeline;
  }

  known(table: string): KnownShape | null {
    return this.#head(table);
  }

  /** It is stored already: a stream tells again what a crash has cut off. */
  hasStored(table: string, event: string): boolean {
    if (this.#head(table)?.event === event) return true;
    return this.versions(table).some((version) => version.event === event);
  }

  /** Tables in the order of their names. */
  tables(): readonly string[] {
    const prefix = `${this.#pipeline}/`;
    return this.#documents
      .entries(HEADS)
      .flatMap(({ key }) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []))
      .toSorted();
  }

  /** Oldest first. */
  versions(table: string): readonly ShapeVersion[] {
    const last = this.#head(table)?.version ?? 0;
    const first = Math.max(1, last - KEPT_VERSIONS + 1);
    return Array.from({ length: last - first + 1 }, (_, i) =>
      this.#documents.get(VERSIONS, this.#versionKey(table, first + i)),
    ).flatMap((text) => (text === null ? [] : [JSON.parse(text) as ShapeVersion]));
  }

  /** Durable when it resolves. */
  async store(table: string, next: NewShape): Promise<void> {
    const before = this.#head(table);
    const version = (before?.version ?? 0) + 1;
    const { after, alert, rewritten = before?.rewritten, ...place } = next;
    const shape = after?.shape ?? null;
    const schema = after?.schema ?? null;
    const stored: ShapeVersion = {
      version,
      table,
      ...place,
      shape,
      schema: schema === null ? null : storedSchema(schema),
    };
    const head: Head = {
      version,
      shape,
      event: next.event,
      ...(rewritten === undefined ? {} : { rewritten }),
      ...(alert === undefined ? {} : { alert }),
    };
    const old = version - KEPT_VERSIONS;
    const forgotten =
      old < 1 ? [] : [{ collection: VERSIONS, key: this.#versionKey(table, old), value: null }];
    await this.#documents.write([
      ...forgotten,
      { collection: VERSIONS, key: this.#versionKey(table, version), value: text(stored) },
      { collection: HEADS, key: this.#headKey(table), value: text(head) },
    ]);
  }

  /** Alerts of tables that may not have been raised yet. */
  unraised(): ReadonlyMap<string, AlertEvent> {
    const found = this.tables().flatMap((table) => {
      const alert = this.#head(table)?.alert;
      return alert === undefined ? [] : [[table, alert] as const];
    });
    return new Map(found);
  }

  /** The alert of the table's newest shape is durable elsewhere. */
  async raised(table: string): Promise<void> {
    const head = this.#head(table);
    if (head?.alert === undefined) return;
    const { alert: _, ...rest } = head;
    await this.#documents.write([
      { collection: HEADS, key: this.#headKey(table), value: text(rest) },
    ]);
  }

  #head(table: string): Head | null {
    const stored = this.#documents.get(HEADS, this.#headKey(table));
    return stored === null ? null : (JSON.parse(stored) as Head);
  }

  /** No pipeline's name has a slash. */
  #headKey(table: string): string {
    return `${this.#pipeline}/${table}`;
  }

  #versionKey(table: string, version: number): string {
    return `${this.#pipeline}/${version}/${table}`;
  }
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

/** The table without how its values are read; JSON values only. */
export function storedSchema({
  id,
  columns,
  keyColumns,
  replicaIdentity,
}: TableSchema): StoredSchema {
  return {
    id,
    keyColumns,
    replicaIdentity,
    columns: columns.map(({ name, schema, sourceType, identity, keyOnly }) => ({
      name,
      schema: schemaJson(schema, { decimalFormat: 'BASE64', replaceNullWithDefault: false }),
      sourceType,
      identity,
      ...(keyOnly === undefined ? {} : { keyOnly }),
    })),
  };
}

/** The table as its records showed it; its values cannot be read by this. */
export function schemaOfVersion({ schema, version }: ShapeVersion): TableSchema | null {
  return schema === null ? null : tableOfStored(schema, version);
}

/** The same of a schema alone. */
export function tableOfStored(schema: StoredSchema, version: number): TableSchema {
  return {
    ...schema,
    version,
    columns: schema.columns.map(({ schema: json, ...column }, index) => ({
      ...column,
      schema: schemaFromJson(parseLosslessJson(json)),
      format: { kind: 'string' },
      tupleIndex: index,
    })),
  };
}
