import { isDeepStrictEqual } from 'node:util';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { systemClock } from '../../../foundation/clock.ts';
import type {
  ChangeReceiver,
  PostgresRowChange,
  SchemaChange,
  PostgresTruncateChange,
} from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, lsn } from '../../../model/lsn.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { tableIncluded } from '../capture/capture-filter.ts';
import type { RelationMessage } from '../pgoutput/pgoutput-message.ts';
import { columnsAgree, tableAsOf } from './relation-translator.ts';
import { ShapeCheck } from './shape-check.ts';
import type { SchemaContext } from '../capture/table-schema-builder.ts';
import { buildTableSchema, unsupportedTypesError } from '../capture/table-schema-builder.ts';

/** What a row needs to know of its relation. */
export interface CachedRelation {
  readonly columnCount: number;
  /** Null: the table is not captured. */
  readonly table: TableSchema | null;
  /** Sees each change first; null: nobody has to. */
  readonly watch: RelationWatch | null;
  /** Finds rows that the shape does not fit; null or absent: all do. */
  readonly check?: ShapeCheck | null;
}

/** Looks at the changes of a table before they are handed over. */
export interface RelationWatch {
  /** False: the change is not handed over. */
  row(change: PostgresRowChange): boolean;
  truncate(change: PostgresTruncateChange): boolean;
}

/** Transactions that had ended at some moment. */
export interface SeenTransactions {
  sees(transactionId: number): boolean;
}

/** The catalog of the source as of now; asked only when a relation comes. */
export interface RelationCatalog {
  readonly context: SchemaContext;
  /** Null: no such table any more. */
  table(oid: number): Promise<TableInfo | null>;
  /** Makes sure that the types are known; reloads types that a user may have changed (P83, P85). */
  loadTypes(oids: readonly number[]): Promise<void>;
  /** The end of the WAL as of now. */
  end(): Promise<Lsn>;
  /**
   * What is over as of now: the catalog shows it to whoever asks from here on. The transaction is
   * waited for: the stream can bring it before the catalog shows what it altered.
   */
  seen(transactionId: number | null): Promise<SeenTransactions>;
  /** `format_type` of each column, by name. */
  typeTexts(relation: RelationMessage): Promise<ReadonlyMap<string, string>>;
}

/**
 * Makes sure that whoever has to know of a change knows it before records have their new schema.
 * `transactionId`: the one that brought it; null: the catalog shows it already.
 */
export type TellFirst = (change: SchemaChange, transactionId: number | null) => Promise<void>;

/** How old what the catalog told may be when a streamed transaction repeats a shape. */
const REPEATED_FOR_MS = 60_000;
/** The same when one that is not streamed repeats it, beside one that is. */
const BESIDE_FOR_MS = 5_000;
/** No row stands behind it. */
const LAST_LSN = lsn(0x7fff_ffff_ffff_ffffn);

/** A table, and the form of its rows. */
interface KnownTable {
  readonly info: TableInfo;
  readonly schema: TableSchema;
}

/**
 * Relations of one walsender session, by relation id: a rename keeps it (P23). The shapes behind
 * them outlive the session, so that versions rise only with real differences (P19).
 */
export class RelationCache {
  readonly #catalog: RelationCatalog;
  readonly #clock: Clock;
  readonly #relations = new Map<number, CachedRelation>();
  readonly #messages = new Map<number, RelationMessage>();
  /** The messages as they came, from their kind on. */
  readonly #told = new Map<number, Buffer>();
  readonly #askedAtMs = new Map<number, number>();
  /** What the catalog could tell when it was asked. */
  readonly #seen = new Map<number, SeenTransactions>();
  /** Columns that rows since the last Relation showed to be nullable. */
  readonly #nullable = new Map<number, readonly string[]>();
  readonly #known = new Map<number, KnownTable>();
  #watchOf: (table: TableSchema) => RelationWatch | null = () => null;
  #tellFirst: TellFirst = () => Promise.resolve();
  #last: Promise<unknown> = Promise.resolve();

  constructor(catalog: RelationCatalog, clock: Clock = systemClock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** A shape that the receiver has been told already, by the snapshot. */
  seed(info: TableInfo, schema: TableSchema): void {
    this.#known.set(info.oid, { info, schema });
  }

  /** Asks again which tables are watched, and by whom. */
  watch(watchOf: (table: TableSchema) => RelationWatch | null): void {
    this.#watchOf = watchOf;
    for (const [id, relation] of this.#relations) {
      const { table } = relation;
      const watch = table === null ? null : watchOf(table);
      if (watch !== relation.watch) this.#relations.set(id, { ...relation, watch });
    }
  }

  /** Others are told of each change of shape before the receiver is. */
  announce(tellFirst: TellFirst): void {
    this.#tellFirst = tellFirst;
  }

  /** Hands a change of shape over; nothing may follow before it resolves. */
  async hand(
    change: SchemaChange,
    transactionId: number | null,
    receiver: ChangeReceiver,
  ): Promise<void> {
    await this.#tellFirst(change, transactionId);
    await receiver.schemaChanged(change);
  }

  /** The shape of a table as the stream knows it. */
  known(oid: number): TableSchema | undefined {
    return this.#known.get(oid)?.schema;
  }

  /**
   * Learns a shape and hands it over before anybody else does. Invariant: what is known here was
   * handed over. Otherwise the stream and what reads beside it would each take the other's word for
   * a shape that the receiver is still being told of, and bring rows of it.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  /**
   * A shape that the catalog has now, for rows that are read beside the stream: the known schema
   * when it is the same, else the receiver has been told.
   */
  adopted(
    { info, schema }: KnownTable,
    at: () => Lsn,
    receiver: ChangeReceiver,
  ): Promise<TableSchema> {
    return this.inTurn(async () => {
      const previous = this.#known.get(info.oid)?.schema ?? null;
      if (previous === null || !sameShape(previous, schema)) {
        await this.#tellFirst({ table: schema, previous, position: formatLsn(at()) }, null);
      }
      const adopted = this.adopt(info, schema, at());
      if (adopted.change !== null) await receiver.schemaChanged(adopted.change);
      return adopted.schema;
    });
  }

  /** The same without telling anybody. */
  adopt(
    info: TableInfo,
    schema: TableSchema,
    lsn: Lsn,
  ): { readonly schema: TableSchema; readonly change: SchemaChange | null } {
    const known = this.#known.get(info.oid);
    if (known !== undefined && sameShape(known.schema, schema)) {
      return { schema: known.schema, change: null };
    }
    const table = { ...schema, version: (known?.schema.version ?? 0) + 1 };
    this.#known.set(info.oid, { info, schema: table });
    return {
      schema: table,
      change: { table, previous: known?.schema ?? null, position: formatLsn(lsn) },
    };
  }

  /** A new session sends each Relation again before the first row; old ones may be wrong (P20). */
  forget(): void {
    this.#relations.clear();
    this.#messages.clear();
    this.#told.clear();
    this.#seen.clear();
    this.#nullable.clear();
  }

  lookup(relationId: number): CachedRelation | undefined {
    return this.#relations.get(relationId);
  }

  /** True: the table is not captured, and nothing has to be asked. */
  skip(relation: RelationMessage): boolean {
    const { lists } = this.#catalog.context;
    if (tableIncluded(lists, relation.schema, relation.table)) return false;
    this.#relations.set(relation.relationId, {
      columnCount: relation.columns.length,
      table: null,
      watch: null,
    });
    return true;
  }

  /** `message`, from its kind on, is what has been learnt; copied. */
  told(relationId: number, message: Buffer): void {
    this.#told.set(relationId, Buffer.from(message));
  }

  /**
   * True: the message, from its kind on, is the one that `told` last. A streamed transaction tells
   * its shapes anew; to ask the catalog each time would cost more than the rows of a table. What
   * only the catalog knows (defaults, comments) may then be a minute old, but rows are checked up
   * to `until`, where it was committed: a NOT NULL that has gone, or another label, is found. Under
   * another identity than the default the message does not tell the key: then it is never a
   * repetition.
   *
   * `until` null: a transaction that is not streamed repeats it while another is. From the first
   * ANALYZE (or autovacuum) to the end of the large one, the server forgets with each block of it
   * which shapes it has told. No further Relation may follow this one: so rows are checked without
   * an end, and the first of them after some seconds has the catalog asked.
   */
  repeats(message: Buffer, until: Lsn | null): boolean {
    if (message.length < 5) return false;
    const relationId = message.readUInt32BE(1);
    const known = this.#relations.get(relationId);
    const table = known?.table ?? null;
    const asked = this.#askedAtMs.get(relationId) ?? Number.NEGATIVE_INFINITY;
    if (
      table === null ||
      this.#messages.get(relationId)?.replicaIdentity !== 'default' ||
      table.keyColumns.length === 0 ||
      this.#nullable.has(relationId) ||
      this.#clock.monotonicMs() - asked > (until === null ? BESIDE_FOR_MS : REPEATED_FOR_MS) ||
      this.#told.get(relationId)?.equals(message) !== true
    ) {
      return false;
    }
    const before = known?.check ?? null;
    const isDue =
      until === null
        ? () => this.#clock.monotonicMs() - asked > BESIDE_FOR_MS
        : (before?.isDue ?? null);
    const end = until ?? LAST_LSN;
    const readAt = before !== null && before.readAt > end ? before.readAt : end;
    // A streamed transaction tells all its tables: nothing here may look at columns.
    const check = before?.renewed(readAt, isDue) ?? null;
    if (check === null && until === null) return false;
    this.#relations.set(relationId, { ...(known as CachedRelation), check });
    return true;
  }

  /**
   * True: the message is the one that `told` last, and its transaction was over before the catalog
   * was asked, which knew all of it. Whoever is behind asks once for all that it missed.
   */
  isOld(message: Buffer, transactionId: number | null): boolean {
    if (message.length < 5 || transactionId === null) return false;
    const relationId = message.readUInt32BE(1);
    return (
      this.#seen.get(relationId)?.sees(transactionId) === true &&
      !this.#nullable.has(relationId) &&
      this.#told.get(relationId)?.equals(message) === true
    );
  }

  /**
   * Takes in a Relation message of a captured table; a change when its shape really differs.
   * `transactionId`: the one it came with. `nullable`: columns that were not NOT NULL yet, whatever
   * the catalog says by now.
   */
  async learn(
    relation: RelationMessage,
    lsn: Lsn,
    transactionId: number | null,
    nullable: readonly string[] = [],
  ): Promise<SchemaChange | null> {
    // Under the default identity the message tells the key itself.
    const altered = relation.replicaIdentity === 'default' ? null : transactionId;
    const seen = await this.#catalog.seen(altered);
    await this.#catalog.loadTypes(relation.columns.map((column) => column.typeOid));
    const catalog = await this.#catalog.table(relation.relationId);
    const known = this.#knownOf(relation);
    const typeTexts = columnsAgree(relation, catalog)
      ? new Map<string, string>()
      : await this.#catalog.typeTexts(relation);
    const previous = known?.info ?? null;
    const shape = tableAsOf(relation, { catalog, previous, typeTexts, nullable });
    const version = (known?.schema.version ?? 0) + 1;
    const built = buildTableSchema(shape, this.#catalog.context, version);
    if (built.unsupported.length > 0) throw unsupportedTypesError(built.unsupported);
    const problem = built.problems[0];
    if (problem !== undefined) throw problem;
    const same = known !== undefined && sameShape(known.schema, built.schema);
    const schema = same ? known.schema : built.schema;
    this.#known.set(relation.relationId, { info: shape.table, schema });
    this.#relations.set(relation.relationId, {
      columnCount: relation.columns.length,
      table: schema,
      watch: this.#watchOf(schema),
      check: ShapeCheck.of(schema, await this.#catalog.end()),
    });
    this.#messages.set(relation.relationId, relation);
    this.#seen.set(relation.relationId, seen);
    this.#askedAtMs.set(relation.relationId, this.#clock.monotonicMs());
    this.#nullable.delete(relation.relationId);
    const position = formatLsn(lsn);
    return same ? null : { table: schema, previous: known?.schema ?? null, position };
  }

  /** A row of the relation does not fit its shape: it has another label, or an earlier null. */
  async relearn(relationId: number, change: PostgresRowChange): Promise<SchemaChange | null> {
    const relation = this.#messages.get(relationId);
    if (relation === undefined) return null;
    const found = this.#relations.get(relationId)?.check?.unexpectedNulls(change) ?? [];
    const nullable = [...(this.#nullable.get(relationId) ?? []), ...found];
    const changed = await this.learn(relation, change.lsn, change.transactionId, nullable);
    if (nullable.length > 0) this.#nullable.set(relationId, nullable);
    return changed;
  }

  /** By id, else by name: a table that was dropped and made anew goes on in the same topic. */
  #knownOf(relation: RelationMessage): KnownTable | undefined {
    const byId = this.#known.get(relation.relationId);
    if (byId !== undefined) return byId;
    for (const known of this.#known.values()) {
      const { id } = known.schema;
      if (id.schema === relation.schema && id.table === relation.table) return known;
    }
    return undefined;
  }
}

/** All but the version. */
export function sameShape(a: TableSchema, b: TableSchema): boolean {
  return isDeepStrictEqual({ ...a, version: 0 }, { ...b, version: 0 });
}
