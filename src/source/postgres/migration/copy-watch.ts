import { quoteQualified } from '../../../../dialects/postgres/postgres-identifiers.ts';
import {
  parseTableVersions,
  tableVersionsQuery,
} from '../../../../dialects/postgres/postgres-table-shapes.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { PlacedStatement, StatementListener, VersionChange } from '../../checked-migration.ts';
import { RewriteWatch } from '../incremental/rewrite-watch.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { TableShapeWatch } from '../stream/table-shape-watch.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { CopiedCapture } from './copied-capture.ts';

/** What a copy is watched with. */
export interface CopyWatchParts {
  readonly options: PostgresSourceOptions;
  readonly capture: CopiedCapture;
  readonly listener: StatementListener;
  /** Looks at what is committed: the migration may set what it likes in its own session. */
  readonly looking: Querier;
  /** That of the migration. */
  readonly session: Querier;
  readonly clock: Clock;
}

const HOUR_MS = 3_600_000;
const TRUNCATED = 'tidemark.truncated';
/** A setting goes back with the transaction that set it, as the truncation does. */
const TRUNCATION_FUNCTION = `CREATE SCHEMA tidemark_scratch;
CREATE FUNCTION tidemark_scratch.truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_catalog.set_config('${TRUNCATED}',
    coalesce(pg_catalog.current_setting('${TRUNCATED}', true), '') || ' ' || tg_relid, false);
  RETURN NULL; END $$`;

/** Tells what becomes of the captured tables of a copy, by the looks that a daemon has at them. */
export class CopyWatch {
  readonly #parts: CopyWatchParts;
  readonly #rewrites: RewriteWatch;
  readonly #shapes: TableShapeWatch;
  /** Versions of tables as the migration's session sees them, by name. */
  #versions = new Map<string, string>();
  /** Tables that are looked at: those that are captured, and new ones. */
  readonly #oids: Set<number>;
  #first: ReadonlySet<number> | null = null;
  #truncations = 0;

  constructor(parts: CopyWatchParts) {
    this.#parts = parts;
    const { options, capture, listener } = parts;
    const clock = impatient(parts.clock);
    const sendsGenerated = (): boolean => capture.sendsGenerated;
    this.#oids = new Set(capture.tables.map(({ info }) => info.oid));
    this.#rewrites = new RewriteWatch({
      options,
      clock,
      // Nothing is read again here: what a daemon would do is told with the change.
      snapshots: {
        captured: capture.tables,
        readAgain: nothing,
        finished: NOTHING_READ,
        isTrial: true,
      },
      sendsGenerated,
      note: nothing,
      warn: nothing,
    });
    this.#shapes = new TableShapeWatch({
      options,
      clock,
      listener,
      captured: capture.tables,
      viaRoot: capture.viaRoot,
      sendsAll: capture.sendsAll,
      sendsGenerated,
      position: () => null,
      rewrites: this.#rewrites,
    });
  }

  /** The tables as they are before the migration. */
  async begin(): Promise<void> {
    const { looking, capture } = this.#parts;
    await looking.query(TRUNCATION_FUNCTION);
    for (const { info } of capture.tables) {
      await looking.query(
        `CREATE TRIGGER tidemark_scratch AFTER TRUNCATE ON ${quoteQualified(info.schema, info.name)}
          EXECUTE FUNCTION tidemark_scratch.truncated()`,
      );
    }
    await this.#rewrites.lookNow(looking);
    await this.#shapes.look(looking);
    await this.#changes();
  }

  /** A statement was run; `isOpen`: its transaction is not committed yet. */
  async ran(statement: PlacedStatement, isOpen: boolean): Promise<void> {
    this.#parts.listener.ran(statement, await this.#changes());
    if (!isOpen) await this.committed();
  }

  /** Tells what there is now. */
  async committed(): Promise<void> {
    const { looking, listener } = this.#parts;
    await this.#tellTruncations();
    await this.#rewrites.lookNow(looking);
    await this.#shapes.look(looking);
    listener.settled();
  }

  /** Tables that are others than after the statement before. */
  async #changes(): Promise<readonly VersionChange[]> {
    const rows = await catalogRows(this.#parts.session, tableVersionsQuery([...this.#oids]));
    const tables = parseTableVersions(rows);
    this.#first ??= new Set(tables.map(({ oid }) => oid));
    const versions = new Map<string, string>();
    for (const { oid, schema, table, digest } of tables) {
      if (!this.#first.has(oid)) this.#oids.add(oid);
      versions.set(`${schema}.${table}`, `${oid} ${digest ?? ''}`);
    }
    const earlier = this.#versions;
    this.#versions = versions;
    const names = new Set([...versions.keys(), ...earlier.keys()]);
    return [...names].flatMap((table) => {
      const [before, after] = [earlier.get(table) ?? '', versions.get(table) ?? ''];
      return before === after ? [] : [{ table, before, after }];
    });
  }

  async #tellTruncations(): Promise<void> {
    const { session, capture, listener, clock } = this.#parts;
    const sql = `SELECT pg_catalog.current_setting('${TRUNCATED}', true) AS oids`;
    const [row] = await catalogRows(session, sql);
    const oids = new Set((row?.['oids'] ?? '').split(' ').filter((oid) => oid !== ''));
    if (oids.size === 0) return;
    await session.query(`SELECT pg_catalog.set_config('${TRUNCATED}', '', false)`);
    for (const { info } of capture.tables) {
      const name = `${info.schema}.${info.name}`;
      const shape = listener.known(name)?.shape ?? null;
      if (!oids.has(String(info.oid)) || shape === null) continue;
      const shaped = { shape, schema: null };
      const key = `truncate ${++this.#truncations}`;
      const place = { position: null, atMs: clock.nowMs(), ddl: null };
      await listener.changed({ key, before: shaped, after: shaped, truncated: true, ...place });
    }
  }
}

/** Nobody reads, so nobody comes to an end: each change is noted at once. */
const NOTHING_READ = { isDone: () => false, isDurable: () => true, keep: nothing };

function nothing(): void {
  // Nobody is told.
}

/** Every look is due: each statement is looked behind. */
function impatient(clock: Clock): Clock {
  let hours = 0;
  return {
    nowMs: () => clock.nowMs(),
    nowMicros: () => clock.nowMicros(),
    monotonicMs: () => clock.monotonicMs() + HOUR_MS * hours++,
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
