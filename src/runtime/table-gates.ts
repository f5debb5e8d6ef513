import { changeKey, decideChange, isGoverned, needsVerdict } from '../evolution/change-policy.ts';
import type { ChangeDecision } from '../evolution/change-policy.ts';
import { keptShape } from '../evolution/kept-shape.ts';
import { recordShape } from '../evolution/record-shape.ts';
import { type ShapeChange, shapeDifference } from '../evolution/shape-difference.ts';
import { must } from '../foundation/assert.ts';
import type { SchemaChange, SourceOffset, TruncateChange } from '../model/change-event.ts';
import type { ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import { tableName, type TableSchema } from '../model/table-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import {
  holdOf,
  isOfTruncate,
  placeOfTruncate,
  shapeKey,
  stopped,
  TRUNCATED,
  waitsBefore,
} from './gate-holds.ts';
import { gateEntry, gateOffset } from './gate-offset.ts';
import type { GatePlace, TableGateParts } from './gate-parts.ts';
import { GateStates, type HoldAnswer, type TableGate, type TableHold } from './gate-states.ts';
import { KeptRecords, ValueMisfit } from './kept-records.ts';
import type { RecordSink } from './record-sink.ts';
import { SourceHolds } from './source-holds.ts';
import { storedSchema } from './stored-shapes.ts';
import { type ChangeMark, WaitingRecords } from './waiting-records.ts';

/**
 * What stands between a change of a table's shape and the records behind it: the policies of the
 * section `schema`. A table goes on, goes on in its old shape, waits, or stops the source.
 *
 * Invariant: a record of a table that waits is durable where it waits before the source's offset
 * passes it; the offset says from where on it has not gone out, and later records of the table
 * stand behind it. What breaks otherwise: a row is nowhere, or goes out behind a newer one. A table
 * that waits in the log of the server has no records meanwhile: see `SourceHolds`.
 */
export class TableGates {
  readonly parts: TableGateParts;
  readonly states: GateStates;
  readonly waiting: WaitingRecords;
  readonly source: SourceHolds;
  /** A row was read of a table that waits in the log of the server. */
  onRead: (table: string) => void = () => undefined;
  /** Where the reader of this life is. */
  place: GatePlace | null = null;
  /** Told of each table that begins to wait. */
  onHold: () => void = () => undefined;
  readonly #kept = new Map<string, { readonly gate: TableGate; readonly records: KeptRecords }>();
  /** Holds that began inside a row, where nothing can be waited for. */
  #pending: Promise<void> | undefined;
  /** Stands in front of the next record of the table that is put where it waits. */
  readonly #marks = new Map<string, ChangeMark>();
  #isOver: Promise<never> | undefined;

  constructor(parts: TableGateParts) {
    this.parts = parts;
    this.states = new GateStates(parts.documents, parts.pipeline);
    this.waiting = new WaitingRecords(parts.transport);
    this.source = new SourceHolds(parts.places);
  }

  /** Goes on where the stored offset stands. */
  async prepare(stored: SourceOffset | null): Promise<void> {
    const state = gateOffset(stored);
    this.#pending = undefined;
    this.#isOver = undefined;
    this.#marks.clear();
    this.source.restore(stored, state?.source ?? null);
    await this.states.restore(state?.n ?? 0);
    await this.waiting.restore(state?.waiting ?? {});
    for (const [table, gate] of this.states.entries()) {
      if (gate.hold === null && gate.kept === null && !this.#isGoverned(table)) continue;
      await this.waiting.open(table, this.parts.topicOf(gate.actual));
    }
  }

  /** What the source offset has to keep. */
  offset(): SourceOffset['offset'] {
    const { number: n } = this.states;
    if (n === 0) return {};
    const source = this.source.state();
    const waiting = this.waiting.places();
    return gateEntry({ n, waiting, ...(source === null ? {} : { source }) });
  }

  durable(offset: SourceOffset): void {
    const { n } = gateOffset(offset) ?? {};
    if (n !== undefined) this.states.durable(n);
  }

  /** These tables begin anew: what waits of them is of no use any more. */
  async begin(tables: readonly TableSchema[]): Promise<void> {
    this.source.clear();
    const governed = new Map<string, TableSchema>();
    for (const table of tables) {
      const name = tableName(table.id);
      this.waiting.forget(name);
      if (this.states.get(name) === undefined && !this.#isGoverned(name)) continue;
      governed.set(name, table);
      await this.waiting.open(name, this.parts.topicOf(table));
    }
    await this.states.begin(governed);
  }

  /** Its records have to go through `write`. */
  isClosed(table: string): boolean {
    const gate = this.states.get(table);
    if (gate === undefined) return false;
    return this.waiting.has(table) || this.source.isLeft(table) || gate.kept !== null;
  }

  /**
   * The shape of a table changes here. Resolves when what follows from it is durable. `isOfBefore`:
   * it was told before, of rows that are passed over now.
   */
  async changed(change: SchemaChange, output: () => RecordOutput, isOfBefore = false) {
    const { table: after, position } = change;
    const name = tableName(after.id);
    // It comes again when the table may go out.
    if (this.source.isLeft(name)) return;
    const gate = this.states.get(name);
    if (gate === undefined && !this.#isGoverned(name)) return;
    await this.waiting.open(name, this.parts.topicOf(after));
    if (gate === undefined) {
      await this.states.put(name, { actual: after, kept: null, hold: null, settled: null });
      return;
    }
    if (isOfBefore && !(this.source.isReplayed(name) && waitsBefore(gate, after))) return;
    const sinceMs = this.parts.clock.nowMs();
    const mark = { kind: 'shape', position, sinceMs, schema: storedSchema(after) } as const;
    const answer = this.source.isReplayed(name) ? (gate.hold?.answer ?? null) : null;
    if (!this.waiting.has(name)) {
      const from = this.#placed().ofChange();
      if (await this.cross(name, gate, after, mark, answer)) return;
      if (!this.#begin(name, from)) return;
    }
    this.waiting.write(name, null, mark, output(), sinceMs);
  }

  /**
   * Decides about a change of shape, or does what somebody said. False: the table waits in front of
   * it. Throws SCHEMA_STOPPED.
   */
  async cross(
    name: string,
    gate: TableGate,
    after: TableSchema,
    mark: ChangeMark,
    answer: HoldAnswer | null,
  ): Promise<boolean> {
    const changes = shapeDifference(recordShape(gate.actual), recordShape(after));
    if (changes.length === 0) {
      // What is read again begins with the shape of before.
      const isDone = gate.hold !== null && !this.source.isReplayed(name);
      if (isDone) await this.states.put(name, { ...gate, hold: null });
      return true;
    }
    const shapes = [shapeKey(gate.actual), shapeKey(after)];
    const covers = gate.settled?.shapes ?? [];
    const isSettled = shapes.every((shape) => covers.includes(shape));
    const said = isSettled ? (gate.settled?.answer ?? null) : answer;
    const decision = await this.#decide(name, gate, after, changes, said);
    if (decision.kind === 'exception') throw stopped(name, changes, decision.reason, mark);
    const kept = decision.kind === 'evolve' ? decision.kept : new Set(changes.map(changeKey));
    const outcome = keptShape(gate.actual, after, gate.kept, (one) => kept.has(changeKey(one)));
    const unrejectable = 'impossible' in outcome ? outcome.impossible : null;
    // What was kept before may not go with it: whoever approves lets the table have its own shape.
    const isOwn = said === 'approve' && unrejectable !== null;
    if (decision.kind === 'evolve' && (isOwn || 'shape' in outcome)) {
      const settled = isSettled || answer === null ? gate.settled : { shapes, answer };
      const shape = 'shape' in outcome ? outcome.shape : null;
      await this.states.put(name, { actual: after, kept: shape, hold: null, settled });
      return true;
    }
    const reason =
      decision.kind === 'hold' ? decision.reason : `the old shape cannot be kept: ${unrejectable}`;
    await this.#hold(name, gate, this.#holdOf(name, changes, reason, mark, unrejectable, shapes));
    return false;
  }

  /**
   * A policy of truncations; the record of it is written behind this, unless it is left out: then
   * false comes back. Throws SCHEMA_STOPPED.
   */
  truncated(change: TruncateChange): boolean {
    const name = tableName(change.table.id);
    const gate = this.states.get(name);
    // Rows that are read anew come behind a truncate of our own.
    if (gate === undefined || change.ordinal < 0 || this.source.isLeft(name)) return true;
    const { hold } = gate;
    if (this.source.isReplayed(name) && hold !== null && isOfTruncate(hold)) {
      if (hold.answer !== undefined) {
        this.#pend(this.states.put(name, { ...gate, hold: null }));
        return hold.answer !== 'reject';
      }
    }
    if (!this.#isGoverned(name)) return true;
    const sinceMs = this.parts.clock.nowMs();
    const mark: ChangeMark = { kind: 'truncate', position: placeOfTruncate(change), sinceMs };
    if (this.waiting.has(name)) this.#marks.set(name, mark);
    else if (!this.passesTruncate(name, mark)) {
      this.#holdNow(name, gate, TRUNCATED, mark, this.#placed().ofEvent(false));
    }
    return true;
  }

  /** False: the table has to wait in front of it. Throws SCHEMA_STOPPED. */
  passesTruncate(name: string, mark: ChangeMark): boolean {
    const verdict = { grade: 'warning', subjects: [], sinks: [] } as const;
    const decision = decideChange(this.parts.config, name, TRUNCATED, verdict);
    if (decision.kind === 'exception') throw stopped(name, TRUNCATED, decision.reason, mark);
    return decision.kind !== 'hold';
  }

  /** Where records of a closed table go. */
  writerOf(table: string): RecordSink {
    return {
      write: (record, output, nowMs, shared) => this.#write(table, record, output, nowMs, shared),
    };
  }

  /** Something has begun that is not stored yet: no offset may be stored before `settled`. */
  get isPending(): boolean {
    return this.#pending !== undefined || this.#isOver !== undefined;
  }

  /** This life has told what it cannot keep: `settled` throws this from now on. */
  end(reason: Promise<never>): void {
    this.#isOver = reason;
    // It is thrown where it is waited for.
    reason.catch(() => undefined);
  }

  get isEnded(): boolean {
    return this.#isOver !== undefined;
  }

  /** Nothing goes on: `settled` throws it. */
  fail(reason: unknown): void {
    const { promise, reject } = Promise.withResolvers<void>();
    reject(reason);
    // It is thrown where it is waited for.
    promise.catch(() => undefined);
    this.#pending = promise;
  }

  /** Undefined: nothing is under way. */
  settled(): Promise<void> | undefined {
    const pending = this.#pending;
    if (this.#isOver !== undefined) return this.#isOver;
    if (pending === undefined) return undefined;
    return pending.finally(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
  }

  /** The record in the shape that the table's records have. Throws ValueMisfit. */
  shaped(name: string, record: ConnectRecord): ConnectRecord {
    const gate = must(this.states.get(name), `${name} has a gate`);
    if (gate.kept === null) return record;
    let known = this.#kept.get(name);
    if (known?.gate.kept !== gate.kept || known.gate.actual !== gate.actual) {
      const records = new KeptRecords(gate.kept, gate.actual, this.parts.envelope);
      known = { gate, records };
      this.#kept.set(name, known);
    }
    return known.records.of(record);
  }

  /** The table waits in front of a value that its old shape does not take. */
  async holdValue(name: string, misfit: ValueMisfit, mark: ChangeMark): Promise<void> {
    const gate = must(this.states.get(name), `${name} has a gate`);
    const { message } = misfit;
    await this.#hold(name, gate, this.#holdOf(name, [], message, mark, message));
  }

  /** The table waits in front of a truncate that waited itself. */
  async holdTruncate(name: string, mark: ChangeMark): Promise<void> {
    const gate = must(this.states.get(name), `${name} has a gate`);
    await this.#hold(name, gate, this.#holdOf(name, TRUNCATED, TRUNCATE_HELD, mark, null));
  }

  #write(
    name: string,
    record: ConnectRecord,
    output: RecordOutput,
    nowMs: number,
    shared?: ConnectHeader[],
  ): number {
    if (this.source.isLeft(name)) return 0;
    if (!this.waiting.has(name)) {
      try {
        return this.parts.inner.write(this.shaped(name, record), output, nowMs, shared);
      } catch (error) {
        if (!(error instanceof ValueMisfit)) throw error;
        const gate = must(this.states.get(name), `${name} has a gate`);
        const again = this.source.isReplayed(name) ? gate.hold : null;
        const sinceMs = again?.sinceMs ?? nowMs;
        const mark: ChangeMark = { kind: 'value', position: null, sinceMs };
        this.#holdNow(name, gate, [], mark, this.#placed().ofEvent(true), error.message);
        if (this.source.isLeft(name)) return 0;
      }
    }
    const mark = this.#marks.get(name) ?? null;
    this.#marks.delete(name);
    this.waiting.write(name, record, mark, output, nowMs);
    return 1;
  }

  #holdNow(
    name: string,
    gate: TableGate,
    changes: readonly ShapeChange[],
    mark: ChangeMark,
    from: SourceOffset,
    unfit: string | null = null,
  ): void {
    const reason = unfit ?? TRUNCATE_HELD;
    if (this.#begin(name, from)) this.#marks.set(name, mark);
    this.#pend(this.#hold(name, gate, this.#holdOf(name, changes, reason, mark, unfit)));
  }

  #placed(): GatePlace {
    return must(this.place, 'a reader that tells changes');
  }

  #pend(stored: Promise<void>): void {
    const earlier = this.#pending;
    this.#pending =
      earlier === undefined ? stored : Promise.all([earlier, stored]).then(() => undefined);
    // It is thrown where it is waited for.
    this.#pending.catch(() => undefined);
  }

  /** From here on the table waits; false: in the log of the server. */
  #begin(name: string, from: SourceOffset): boolean {
    if (!this.spools(name)) {
      this.source.begin(name, from);
      return false;
    }
    this.waiting.begin(name);
    return true;
  }

  /** What waits of the table waits with us. */
  spools(name: string): boolean {
    const isSpooled = this.states.get(name)?.hold?.spools === true;
    return isSpooled || this.waiting.has(name) || this.parts.config.holdBuffer === 'spool';
  }

  async #decide(
    name: string,
    { actual }: TableGate,
    after: TableSchema,
    changes: readonly ShapeChange[],
    said: HoldAnswer | null,
  ): Promise<ChangeDecision> {
    if (said === 'approve') return { kind: 'evolve', kept: new Set() };
    if (said === 'reject') return { kind: 'evolve', kept: new Set(changes.map(changeKey)) };
    const { config, judge, clock } = this.parts;
    const isAsked = needsVerdict(config, name, changes);
    // Nobody waits to be told here, and what is not known lets the change pass.
    const verdict = isAsked ? await judge.judge(changes, actual, after, null, clock.nowMs()) : null;
    return decideChange(config, name, changes, verdict);
  }

  #holdOf(
    table: string,
    changes: readonly ShapeChange[],
    reason: string,
    mark: ChangeMark,
    unrejectable: string | null,
    shapes: readonly string[] = [],
  ): TableHold {
    const { pipeline } = this.parts;
    return holdOf({ pipeline, table, changes, reason, mark, unrejectable, shapes });
  }

  async #hold(name: string, gate: TableGate, hold: TableHold): Promise<void> {
    // Met again it has waited since it was met first.
    const { sinceMs, spools } = gate.hold?.id === hold.id ? gate.hold : hold;
    const whole = { ...hold, sinceMs, ...(spools === undefined ? {} : { spools }) };
    await this.states.put(name, { ...gate, hold: whole });
    this.parts.fault('gate.hold-stored');
    this.onHold();
    const { id, position, reason } = hold;
    this.parts.logger.warn(
      { table: name, hold: id, position },
      `${name} waits before a change, and other tables go on: ${reason}; say what becomes of it ` +
        `with tidemark schema approve or reject <file> ${id}`,
    );
  }

  #isGoverned(table: string): boolean {
    return isGoverned(this.parts.config, table);
  }
}

const TRUNCATE_HELD = 'the policy of table_truncated is hold';
