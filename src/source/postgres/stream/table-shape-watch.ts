import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ToldTable } from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import type { NamedTable } from '../../../../dialects/postgres/postgres-table-shapes.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { SchemaChange } from '../../../model/change-event.ts';
import { tableName } from '../../../model/table-schema.ts';
import type {
  RewriteFact,
  ShapedTable,
  ShapeEvent,
  ShapeListener,
} from '../../../model/table-shape.ts';
import { tableIncluded } from '../capture/capture-filter.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { ToldDdl } from './ddl-messages.ts';
import { sameShape } from './relation-cache.ts';
import type { SeenTables } from './table-shape-reader.ts';
import { seenTables, TableShapeReader } from './table-shape-reader.ts';

/** Between two looks: who is told has to hear of a change within two seconds. */
const INTERVAL_MS = 1000;
/** In a large catalog looks become rarer: one may take a fifth of the time, up to this interval. */
const SHARE = 0.2;
const MAX_INTERVAL_MS = 10_000;

/** What the watch is made with. */
export interface TableShapeWatchParts {
  readonly options: PostgresSourceOptions;
  readonly clock: Clock;
  readonly listener: ShapeListener;
  /** As the start found them. */
  readonly captured: readonly CapturedTable[];
  /** Partitions come under the name of their root. */
  readonly viaRoot: boolean;
  /** The publication sends all tables that there are, and will be. */
  readonly sendsAll: boolean;
  /** The publication sends computed columns. */
  sendsGenerated(): boolean;
  /** The end of the log as of now, as it is printed. */
  position(): string | null;
  /** Looks for changes of stored rows, and tells them by table. */
  readonly rewrites: RewriteLook;
}

/** What knows of DDL that changed stored rows. */
export interface RewriteLook {
  lookNow(querier: Querier): Promise<void>;
  /** What was found since it was asked last, by `schema.table`. */
  takeFacts(): ReadonlyMap<string, RewriteFact>;
}

/** A table that is watched. */
interface Watched {
  readonly name: string;
  digest: string | null;
  shaped: ShapedTable | null;
  /** The publication lists columns: others do not come. Null: all do. */
  readonly listed: ReadonlySet<number> | null;
  /** It was not there at the start. */
  isNew: boolean;
}

/** What is to be told of all tables that there are. */
interface Differences {
  /** All that the lists take. */
  readonly tables: readonly NamedTable[];
  readonly changed: readonly NamedTable[];
  readonly come: readonly NamedTable[];
  /** Dropped, or renamed. */
  readonly gone: readonly number[];
}

/** Shapes of the tables wanted, by oid. */
type Describe = (oids: readonly number[]) => Promise<ReadonlyMap<number, ShapedTable>>;

/**
 * Sees in the catalog that captured tables changed their shape, each second, also while nobody
 * writes to them: the stream tells it only in front of the next row. One change is told once: what
 * was told last is kept by the listener, so that a restart goes on from there. Two changes between
 * two looks are one.
 */
export class TableShapeWatch {
  readonly #parts: TableShapeWatchParts;
  readonly #reader: TableShapeReader;
  readonly #tables = new Map<number, Watched>();
  /** All tables that the lists take, whether or not they were there at the start. */
  #names: Map<number, NamedTable> | null = null;
  /** Found, and not yet told. */
  readonly #facts = new Map<string, RewriteFact>();
  #dueMs = Number.NEGATIVE_INFINITY;
  /** As of the last look that told what it found. */
  #seen: SeenTables | null = null;
  /** The stream stands at a change of this table. */
  #at: SchemaChange | null = null;
  /** The stream stands at DDL. */
  #ddl: ToldDdl | null = null;
  /** What differs is left to the stream, which is to tell it. */
  #defers = false;
  /** Tables of which it has more to tell than the last look. */
  readonly #left = new Set<number>();

  constructor(parts: TableShapeWatchParts) {
    this.#parts = parts;
    const { options, captured } = parts;
    this.#reader = new TableShapeReader(options, {
      listed: (oid) => this.#tables.get(oid)?.listed ?? null,
      sendsGenerated: () => parts.sendsGenerated(),
    });
    for (const table of captured) {
      const name = `${table.info.schema}.${table.info.name}`;
      const listed = listedColumns(table);
      const isNew = false;
      this.#tables.set(table.info.oid, { name, digest: null, shaped: null, listed, isNew });
    }
  }

  /** True: something differs that the stream is to tell; should it not, `lookFor` does. */
  async look(querier: Querier): Promise<boolean> {
    if (this.#parts.clock.monotonicMs() < this.#dueMs) return false;
    return await this.#lookNow(querier, true);
  }

  /** The table was told in the shape that the stream brings now. */
  hasTold({ table }: SchemaChange): boolean {
    const told = this.#named(tableName(table.id))?.shaped?.schema ?? null;
    return told !== null && sameShape(told, table);
  }

  /** The table comes in another shape, which the catalog shows; `at`: the stream stands there. */
  async lookFor(at: SchemaChange | null, querier: Querier): Promise<void> {
    this.#at = at;
    try {
      await this.#lookNow(querier, false);
    } finally {
      this.#at = null;
    }
  }

  /**
   * DDL as the stream tells it, at its place; the catalog shows what its transaction did. What a
   * look has told already is passed over.
   */
  async told(ddl: ToldDdl, querier: Querier): Promise<void> {
    const seen = this.#seen;
    if (seen === null) return;
    const tables = new Map(seen.tables.map((table) => [table.oid, table]));
    const told = new Map<number, ToldTable>();
    for (const message of ddl.messages) {
      for (const table of message.tables) {
        if (this.#isOld(table.named.oid, ddl.transactionId, seen)) continue;
        tables.set(table.named.oid, table.named);
        told.set(table.named.oid, table);
      }
      for (const oid of message.gone) {
        tables.delete(oid);
        told.delete(oid);
      }
    }
    const all = [...tables.values()];
    const differences = this.#differences(all);
    const { changed, come, gone } = differences;
    if (gone.length + [...changed, ...come].filter(({ oid }) => told.has(oid)).length === 0) return;
    this.#ddl = ddl;
    try {
      await this.#parts.listener.caughtUp();
      // What it did to stored rows is part of it.
      await this.#parts.rewrites.lookNow(querier);
      const describe: Describe = () => this.#reader.told(querier, told);
      await this.#compare(differences, all, new Set(), describe);
      this.#seen = { ...seen, tables: all };
    } finally {
      this.#ddl = null;
    }
  }

  /** What a look saw is told, unless it was left to the stream. */
  #isOld(oid: number, transactionId: number, { visible }: SeenTables): boolean {
    return visible?.sees(transactionId) === true && !this.#left.has(oid);
  }

  /** True: something was left to the stream. */
  async #lookNow(querier: Querier, mayDefer: boolean): Promise<boolean> {
    const { clock, listener } = this.#parts;
    const beganMs = clock.monotonicMs();
    // What is found of rows behind the shapes belongs to those of the next look.
    this.#takeFacts();
    const earlier = new Set(this.#facts.keys());
    await listener.caughtUp();
    const seen = await seenTables(querier, [...this.#tables.keys()]);
    const asLongMs = (clock.monotonicMs() - beganMs) / SHARE;
    const intervalMs = Math.max(INTERVAL_MS, Math.min(asLongMs, MAX_INTERVAL_MS));
    this.#dueMs = beganMs + intervalMs - STEP_MS;
    const differences = this.#differences(seen.tables);
    const { changed, come, gone } = differences;
    const isFirst = this.#seen === null;
    this.#defers = mayDefer && seen.isTold;
    if (this.#defers && !isFirst && changed.length + come.length + gone.length > 0) {
      this.#defers = false;
      return true;
    }
    this.#left.clear();
    try {
      if (changed.length + gone.length > 0) await this.#parts.rewrites.lookNow(querier);
      const describe: Describe = (oids) => this.#reader.read(querier, oids);
      await this.#compare(differences, seen.tables, earlier, describe);
    } finally {
      this.#defers = false;
    }
    this.#seen = seen;
    return false;
  }

  async #compare(
    { tables, changed, come, gone }: Differences,
    all: readonly NamedTable[],
    earlier: ReadonlySet<string>,
    describe: Describe,
  ): Promise<void> {
    const byOid = new Map(all.map((table) => [table.oid, table]));
    this.#takeFacts();
    for (const { oid, schema, table } of come) {
      const empty = { digest: null, shaped: null, listed: null, isNew: true };
      this.#tables.set(oid, { name: `${schema}.${table}`, ...empty });
    }
    const wanted = [...changed, ...come, ...gone.flatMap((oid) => byOid.get(oid) ?? [])];
    const described = await describe([...new Set(wanted.map(({ oid }) => oid))]);
    for (const oid of gone) await this.#tellGone(oid, come, byOid, described);
    for (const table of [...changed, ...come]) await this.#tell(table, described);
    for (const name of earlier) if (this.#facts.has(name)) await this.#tellRewrite(name);
    this.#names = new Map(tables.map((table) => [table.oid, table]));
  }

  #differences(all: readonly NamedTable[]): Differences {
    const { options, viaRoot } = this.#parts;
    const tables = all.filter(({ schema, table }) => tableIncluded(options, schema, table));
    const byOid = new Map(all.map((table) => [table.oid, table]));
    const changed = tables.filter(({ oid, digest }) => {
      const known = this.#tables.get(oid);
      return known !== undefined && known.digest !== digest;
    });
    const before = this.#names;
    // Tables that the lists take and that were not there before.
    const come = tables.filter(({ oid, schema, table, isPartition }) => {
      const known = before?.get(oid);
      const isNew = known === undefined || known.schema !== schema || known.table !== table;
      const isOurs = !this.#tables.has(oid) && !(viaRoot && isPartition);
      return before !== null && isNew && isOurs;
    });
    const gone = [...this.#tables.keys()].filter((oid) => {
      const now = byOid.get(oid);
      const known = this.#tables.get(oid);
      return now === undefined || `${now.schema}.${now.table}` !== known?.name;
    });
    return { tables, changed, come, gone };
  }

  #takeFacts(): void {
    for (const [name, fact] of this.#parts.rewrites.takeFacts()) this.#facts.set(name, fact);
  }

  /** Dropped, renamed, or another one has its name: by the names of before. */
  async #tellGone(
    oid: number,
    come: readonly NamedTable[],
    all: ReadonlyMap<number, NamedTable>,
    described: ReadonlyMap<number, ShapedTable>,
  ): Promise<void> {
    const watched = this.#tables.get(oid);
    if (watched === undefined) return;
    const now = all.get(oid);
    const other = come.find(({ schema, table }) => `${schema}.${table}` === watched.name);
    const next = other ?? now;
    const after = next === undefined ? null : (described.get(next.oid) ?? null);
    await this.#event(watched, after, other === undefined ? {} : { recreated: true });
    this.#tables.delete(oid);
    if (next === undefined || !tableIncluded(this.#parts.options, next.schema, next.table)) return;
    const name = `${next.schema}.${next.table}`;
    const { digest } = next;
    this.#tables.set(next.oid, { ...watched, name, digest, shaped: after, isNew: false });
  }

  async #tell(table: NamedTable, described: ReadonlyMap<number, ShapedTable>): Promise<void> {
    const watched = this.#tables.get(table.oid);
    const after = described.get(table.oid);
    if (watched === undefined || after === undefined || watched.shaped === after) return;
    const { listener, sendsAll } = this.#parts;
    const { isNew, name } = watched;
    if (!isNew && listener.known(name) === null) {
      await listener.seen(after, this.#placeOf(name).position);
    } else if (!(await this.#event(watched, after, isNew && !sendsAll ? UNCAPTURED : {}))) {
      this.#left.add(table.oid);
      return;
    }
    watched.digest = table.digest;
    watched.shaped = after;
    watched.isNew = false;
  }

  #named(name: string): Watched | undefined {
    return [...this.#tables.values()].find((table) => table.name === name);
  }

  /** Where the stream stands, if it is at a change of this table; else the end of the log. */
  #placeOf(name: string): Pick<ShapeEvent, 'position' | 'atMs' | 'ddl' | 'by'> {
    if (this.#ddl !== null) {
      const { position, atMs, messages } = this.#ddl;
      const ddl = [...new Set(messages.map((message) => message.ddl))].join(';\n');
      const { user = '', application = '' } = messages.at(-1) ?? {};
      const by = application === '' ? user : `${user} with ${application}`;
      return { position, atMs, ddl, by };
    }
    const at = this.#at;
    const isThere = at !== null && tableName(at.table.id) === name;
    const position = isThere ? at.position : this.#parts.position();
    return { position, atMs: this.#parts.clock.nowMs(), ddl: null };
  }

  /** Rows changed, and nothing else did. */
  async #tellRewrite(name: string): Promise<void> {
    const watched = this.#named(name);
    const shaped = watched?.shaped ?? null;
    if (watched === undefined || shaped === null) this.#facts.delete(name);
    else await this.#event(watched, shaped, {});
  }

  /** Nothing where what it was told last is what there is now. False: it is left to the stream. */
  async #event(
    { name, shaped }: Watched,
    after: ShapedTable | null,
    more: Pick<ShapeEvent, 'recreated' | 'isUncaptured'>,
  ): Promise<boolean> {
    const { listener } = this.#parts;
    const known = listener.known(name);
    const told = known?.shape ?? null;
    const before = told === null ? null : { shape: told, schema: shaped?.schema ?? null };
    const rewrites = this.#facts.get(name);
    const isNews = rewrites !== undefined && rewrites.id !== known?.rewritten;
    const isSame = isDeepStrictEqual(told, after?.shape ?? null);
    if (!isSame || isNews) {
      if (this.#defers) return false;
      const place = this.#placeOf(name);
      const key =
        this.#ddl === null
          ? `${(known?.version ?? 0) + 1}:${digestOf(after?.shape ?? null)}`
          : `ddl ${String(place.position)}`;
      const news = isNews ? { rewrites } : {};
      await listener.changed({ key, before, after, ...more, ...news, ...place });
    }
    this.#facts.delete(name);
    return true;
  }
}

/** The watch over what a start has prepared; null: nobody is to be told. */
export function shapeWatchOf(
  parts: Pick<TableShapeWatchParts, 'options' | 'clock' | 'position'> & {
    readonly listener: ShapeListener | undefined;
  },
  { selection, catalog: { publication } }: PreparedCapture,
): (rewrites: RewriteLook, watch: { readonly sendsGenerated: boolean }) => TableShapeWatch | null {
  const { listener, options } = parts;
  return (rewrites, watch) =>
    listener === undefined
      ? null
      : new TableShapeWatch({
          ...parts,
          listener,
          captured: selection.tables,
          viaRoot: publication?.viaRoot ?? options.publishViaPartitionRoot,
          sendsAll: publication?.allTables ?? false,
          sendsGenerated: () => watch.sendsGenerated,
          rewrites,
        });
}

const UNCAPTURED = { isUncaptured: true } as const;

/** Ticks of the heartbeat are a little longer than they should be. */
const STEP_MS = 50;

/** Null: the publication sends all columns that can be sent. */
function listedColumns({ info, tupleColumns }: CapturedTable): ReadonlySet<number> | null {
  const plain = info.columns.filter(({ generated }) => generated === null);
  const sent = new Set(tupleColumns.map(({ number }) => number));
  return plain.every(({ number }) => sent.has(number)) ? null : sent;
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
