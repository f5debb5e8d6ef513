import { GATED_CLASSES } from '../config/schema-change-options.ts';
import type { SchemaChangesConfig } from '../config/schema-section.ts';
import { shapeChanges } from '../evolution/shape-difference.ts';
import type { ShapeChange } from '../evolution/shape-difference.ts';
import { decideChange, isIgnored } from '../evolution/change-policy.ts';
import { schemaAlert } from '../evolution/schema-alert.ts';
import type { Verdict } from '../evolution/verdict.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertEvent, AlertOutlet } from '../model/alert.ts';
import type { PostgresTruncateChange } from '../model/change-event.ts';
import { formatLsn } from '../model/lsn.ts';
import { tableName } from '../model/table-schema.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { KnownShape, ShapedTable, ShapeEvent, ShapeListener } from '../model/table-shape.ts';
import type { StoredShapes } from './stored-shapes.ts';
import { schemaOfVersion } from './stored-shapes.ts';

const GATED: ReadonlySet<string> = new Set(GATED_CLASSES);

/** What changes of shape are told with. */
export interface SchemaAlertParts {
  readonly pipeline: string;
  readonly shapes: StoredShapes;
  readonly outlet: AlertOutlet;
  readonly judge: ShapeJudge;
  readonly clock: Clock;
  /** Absent: every change is followed, and told. */
  readonly policies?: SchemaChangesConfig;
  /** Absent: nothing. */
  readonly fault?: FaultHook;
}

/** Knows the readers, the registry and the sinks of the tables. */
export interface ShapeJudge {
  /** `happenedMs`: when, which leaves so much less time for asking; absent: it is not known. */
  judge(
    changes: readonly ShapeChange[],
    before: TableSchema | null,
    after: TableSchema | null,
    problem: string | null,
    happenedMs?: number,
  ): Promise<Verdict>;
}

/**
 * Makes alerts of what sources tell of shapes.
 *
 * Invariant: a shape and the alert that tells of it are stored in one write, then the alert is
 * raised, then it is taken out of there, and only then the source goes on. What a crash left in
 * between is raised again, under the same id; what has changed since is another alert.
 */
export class SchemaAlerts implements ShapeListener {
  readonly #parts: SchemaAlertParts;
  /** Stored and not known to be raised, by table; null: nobody has looked yet. */
  #unraised: Map<string, AlertEvent> | null = null;
  /** Truncations are told while the stream goes on; `settled` waits for them. */
  #truncations: Promise<void> | undefined;

  constructor(parts: SchemaAlertParts) {
    this.#parts = parts;
  }

  known(table: string): KnownShape | null {
    return this.#parts.shapes.known(table);
  }

  async seen(after: ShapedTable, position: string | null): Promise<void> {
    const { shapes, clock } = this.#parts;
    const place = { event: null, position, atMs: clock.nowMs(), ddl: null };
    await shapes.store(tableName(after.shape.id), { ...place, after });
  }

  async caughtUp(): Promise<void> {
    const { outlet, shapes } = this.#parts;
    this.#unraised ??= new Map(shapes.unraised());
    for (const [table, alert] of this.#unraised) {
      await outlet.raise(alert);
      await shapes.raised(table);
      this.#unraised.delete(table);
    }
  }

  async changed(event: ShapeEvent): Promise<void> {
    await this.caughtUp();
    const { outlet } = this.#parts;
    const alert = await this.#alertOf(event);
    if (event.truncated !== true) await this.#store(event, alert);
    else if (alert !== null) await outlet.raise(alert);
    await this.caughtUp();
  }

  async #alertOf(event: ShapeEvent): Promise<AlertEvent | null> {
    const { judge, pipeline } = this.#parts;
    const changes = shapeChanges(event);
    if (changes.length === 0) return null;
    const { before, after } = this.#withStoredSchema(event);
    const problem = after?.problem ?? null;
    const schemas = [before?.schema ?? null, after?.schema ?? null] as const;
    // What a look has found without its statement happened at any time since the look before.
    const happenedMs = event.ddl === null ? undefined : event.atMs;
    const verdict = await judge.judge(changes, ...schemas, problem, happenedMs);
    const shaped = event.before ?? event.after;
    const table = shaped === null ? '' : tableName(shaped.shape.id);
    const { policies } = this.#parts;
    if (policies === undefined) return schemaAlert(event, changes, verdict, pipeline);
    if (isIgnored(policies, table, changes, verdict.grade)) return null;
    const gated = changes.filter(({ class: kind }) => GATED.has(kind));
    const decision = decideChange(policies, table, gated, verdict);
    return schemaAlert(event, changes, verdict, pipeline, decision);
  }

  /** Returns at once: it is durable when `settled` is. */
  truncated(change: PostgresTruncateChange): void {
    // Of a table that is read anew by ourselves nobody has taken rows away.
    if (change.ordinal < 0) return;
    const shaped = { shape: shapeOf(change.table), schema: change.table };
    const event: ShapeEvent = {
      key: `truncate ${formatLsn(change.commitLsn)}/${change.ordinal}`,
      before: shaped,
      after: shaped,
      truncated: true,
      position: formatLsn(change.lsn),
      atMs: Number(change.sourceMicros / 1000n),
      ddl: null,
    };
    const earlier = this.#truncations ?? Promise.resolve();
    this.#truncations = earlier.then(() => this.changed(event));
    // It is thrown where it is waited for.
    this.#truncations.catch(() => undefined);
  }

  /** Undefined: nothing is under way. */
  settled(): Promise<void> | undefined {
    const waiting = this.#truncations;
    if (waiting === undefined) return undefined;
    return waiting.finally(() => {
      if (this.#truncations === waiting) this.#truncations = undefined;
    });
  }

  /** A restart knows the records of before by what is stored. */
  #withStoredSchema({ before, after }: ShapeEvent): Pick<ShapeEvent, 'before' | 'after'> {
    if (before === null || before.schema !== null) return { before, after };
    const last = this.#parts.shapes.versions(tableName(before.shape.id)).at(-1);
    const schema = last === undefined ? null : schemaOfVersion(last);
    const known = { ...before, schema };
    // What happens to rows alone leaves the records as they were.
    return { before: known, after: after === before ? known : after };
  }

  async #store(event: ShapeEvent, alert: AlertEvent | null): Promise<void> {
    const { key, before, after, position, atMs, ddl, rewrites } = event;
    const { shapes } = this.#parts;
    const [from, to] = [before, after].map((one) => one && tableName(one.shape.id));
    const place = { event: key, position, atMs, ddl };
    const told = rewrites === undefined ? {} : { rewritten: rewrites.id };
    const names = [...new Set([from, to])].flatMap((name) => name ?? []);
    for (const [i, name] of names.entries()) {
      if (shapes.hasStored(name, key)) continue;
      const own = i === 0 && alert !== null ? { alert } : {};
      // Under the name that it had it is there no more.
      await shapes.store(name, { ...place, after: name === to ? after : null, ...told, ...own });
      if (i > 0 || alert === null) continue;
      this.#parts.fault?.('alert.shape-stored');
      this.#unraised?.set(name, alert);
    }
  }
}

/** As much as a truncation tells of its table. */
function shapeOf({ id, replicaIdentity }: TableSchema): ShapedTable['shape'] {
  const none = { charset: null, comment: null };
  return { id, incarnation: null, columns: [], key: [], replicaIdentity, ...none };
}
