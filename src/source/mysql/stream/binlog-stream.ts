import { parseServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { BinlogOrigin, ChangeReceiver, RowOperation } from '../../../model/change-event.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import { memoryText } from '../history/schema-memory.ts';
import { BinlogDecoder } from '../binlog/binlog-decoder.ts';
import type { BinlogTable } from '../binlog/binlog-table.ts';
import type {
  BinlogChecksum,
  BinlogEvent,
  TransactionPayloadEvent,
} from '../binlog/binlog-event.ts';
import { EventSplitter } from '../binlog/event-splitter.ts';
import { rowsKind } from '../binlog/rows-kind.ts';
import { smallPayload, streamedPayload } from '../binlog/transaction-payload.ts';
import type { BinlogReceiver } from '../wire/binlog-wire.ts';
import { ALL_ROWS } from './binlog-position.ts';
import type { ReusedChange } from './reused-change.ts';
import { unusedChange } from './reused-change.ts';
import type { BinlogGroup, StatementStep, TransactionStep } from './binlog-transactions.ts';
import { type HeldRows, type KeptEvent, preparedBefore } from './held-rows.ts';
import { ShapeMismatch } from './binlog-columns.ts';
import type { StatementContext, StatementPlace } from './stream-statements.ts';
import { StreamStatements } from './stream-statements.ts';
import type { LogSpot, StreamWatches } from './stream-watches.ts';

/** What a stream hands its events to, and what it keeps track with. */
export interface BinlogStreamContext extends StatementContext {
  readonly receiver: ChangeReceiver;
  readonly held: HeldRows;
  readonly skippedOperations: ReadonlySet<RowOperation | 't'>;
  /** What was negotiated for the events before the first FORMAT_DESCRIPTION (PITFALLS B3). */
  readonly checksum: BinlogChecksum;
  /** include.query */
  readonly includeQuery: boolean;
  readonly watches?: StreamWatches;
  /** A transaction has come in whole; of its commit, µs since 1970. */
  readonly committed?: (micros: bigint) => void;
  /** gtid.source.…: rows of the transactions of this source are not wanted. */
  readonly skipsRowsOf?: (gtid: string | null) => boolean;
}

/** Never resolves: what stands behind it is not handed over any more. */
const HALTED = new Promise<void>(() => undefined);

/**
 * Turns the events of one dump into calls of the receiver, in the order of the binlog. It holds no
 * queue: a row is decoded, handed over and forgotten, and waiting happens in `settle`.
 */
export class BinlogStream implements BinlogReceiver {
  readonly #context: BinlogStreamContext;
  readonly #decoder: BinlogDecoder;
  readonly #statements: StreamStatements;
  readonly #told = new Map<string, TableSchema>();
  #lastTold: TableSchema | null = null;
  readonly #change: ReusedChange;
  #format: Buffer | null = null;
  #group: BinlogGroup | null = null;
  #inner = false;
  /** Rows of the compressed transaction so far: its events share one position. */
  #payloadRows = 0;
  #halted = false;
  /** The open group is of a source whose rows are not wanted. */
  #skipsRows = false;

  constructor(context: BinlogStreamContext) {
    this.#context = context;
    this.#statements = new StreamStatements(context);
    this.#decoder = new BinlogDecoder(context.checksum);
    this.#change = unusedChange();
  }

  /** No group is open, and none is to be gone on with. */
  get isBetweenGroups(): boolean {
    return this.#group === null && this.#context.position.offset().open === null;
  }

  /** All before it has come in, as the server of this dump numbers its files. */
  get place(): LogSpot {
    return { file: this.#decoder.file, pos: this.#decoder.nextPosition };
  }

  /** From now on nothing is handed over. */
  halt(): void {
    this.#halted = true;
  }

  event(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (this.#halted) return HALTED;
    this.#inner = false;
    this.#payloadRows = 0;
    this.#decoder.open(bytes, start, end);
    return this.#dispatch(bytes, start, end);
  }

  settle(more: boolean): Promise<void> | undefined {
    if (this.#halted) return HALTED;
    return this.#context.receiver.settle(more);
  }

  #dispatch(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const { transactions, held } = this.#context;
    if (rowsKind(this.#decoder.type) !== undefined) {
      if (transactions.holdsRows) held.keep(bytes, start, end, this.#inner);
      return this.#rows(this.#decoder);
    }
    const event = this.#decoder.event();
    if (event.kind === 'table-map' && transactions.holdsRows) {
      held.keep(bytes, start, end, this.#inner);
    }
    this.#note(event, bytes, start, end);
    const step = transactions.take(event, this.#decoder);
    this.#enter();
    return this.#step(step);
  }

  /** What later events need of this one. */
  #note(event: BinlogEvent, bytes: Buffer, start: number, end: number): void {
    const change = this.#change;
    switch (event.kind) {
      case 'format-description': {
        const server = parseServerVersion(event.serverVersion);
        this.#format = Buffer.from(bytes.subarray(start, end));
        if (server === null) return;
        this.#context.transactions.server = server;
        this.#context.schemas.setServer(server);
        return;
      }
      case 'rows-query':
        change.query = this.#context.includeQuery ? event.sql : null;
        return;
      case 'query':
        change.thread = this.#decoder.format?.flavor === 'mysql' ? event.threadId : null;
        return;
      default:
        return;
    }
  }

  #step(step: TransactionStep): Promise<void> | undefined {
    switch (step.kind) {
      case 'none':
      case 'began':
        return undefined;
      case 'end':
        this.#finish();
        return undefined;
      case 'statement':
        return this.#statement(step);
      case 'unreadable':
        if (this.#statements.concernsUs(step.tables)) this.#context.unreadable(step.error);
        if (step.ends) this.#finish();
        return undefined;
      case 'payload':
        return this.#payload(step.event);
      case 'prepared':
        this.#context.held.prepared(step.id);
        this.#finish(!this.#context.position.isDone);
        return undefined;
      case 'one-phase':
        return this.#replay(this.#context.held.takeOpen());
      case 'outcome':
        return this.#outcome(step);
    }
  }

  /** A group has begun, by an event of its own or by its first statement. */
  #enter(): void {
    const { group } = this.#context.transactions;
    if (group === this.#group) return;
    this.#group = group;
    if (group === null || this.#context.position.isDone) return;
    const { receiver } = this.#context;
    const change = this.#change;
    change.serverId = group.serverId;
    change.gtid = group.gtid;
    change.groupPos = group.beginPos;
    change.transactionId = group.gtid ?? `file=${group.file},pos=${group.pos}`;
    change.sourceMicros = group.micros ?? 0n;
    change.ordinal = -1;
    change.query = null;
    this.#skipsRows = this.#context.skipsRowsOf?.(group.gtid) ?? false;
    // As the originals: of MySQL with its first event, of MariaDB also before a statement.
    if (this.#decoder.format?.flavor === 'mariadb') receiver.began?.(this.#origin());
  }

  /** `tells`: also where the position says that nothing of it was new. */
  #finish(tells = false): void {
    const { transactions, held } = this.#context;
    // A statement by itself is no transaction that others are told the end of.
    const known = transactions.group?.begun === true ? {} : { transactionId: null };
    // Of a group that was done: what it kept was handed over before.
    held.takeOpen();
    const isNew = transactions.finish(this.#decoder);
    this.#group = null;
    if (isNew || tells) this.#context.receiver.committed({ ...this.#origin(), ...known });
    this.#context.committed?.(this.#change.sourceMicros);
    this.#change.query = null;
  }

  #origin(): BinlogOrigin {
    const { serverId, gtid, groupPos, thread, query, transactionId } = this.#change;
    const { ordinal, sourceMicros, snapshot } = this.#change;
    return {
      family: 'binlog',
      serverId,
      gtid,
      file: this.#decoder.file,
      pos: this.#decoder.position,
      groupPos,
      row: 0,
      thread,
      query,
      transactionId,
      ordinal: Math.max(0, ordinal),
      sourceMicros,
      snapshot,
    };
  }

  /** `again`: its definition was just read from the server. */
  #rows(decoder: BinlogDecoder, again?: BinlogTable): Promise<void> | undefined {
    const { schemas, transactions, position } = this.#context;
    const isAgain = again !== undefined;
    const table = again ?? decoder.openRows();
    if (table === null) return undefined;
    if (position.isDone || transactions.holdsRows) {
      const isCaptured = schemas.isCaptured(table.schema, table.name);
      if (transactions.rows(isCaptured) === ALL_ROWS && transactions.holdsRows) return undefined;
      position.closeEvent();
      return undefined;
    }
    let schema: TableSchema | null;
    try {
      schema = schemas.of(table);
    } catch (error) {
      const { rereads } = this.#context;
      if (!(error instanceof ShapeMismatch) || rereads === undefined || isAgain) throw error;
      const name = { database: table.schema, name: table.name };
      const read = this.#statements.reread([name], error.message, this.#spot());
      return read.then(() => this.#rows(decoder, table));
    }
    const isWanted = schema !== null && !this.#skipsRows;
    const skip = transactions.rows(isWanted);
    if (schema === null || !isWanted) {
      position.closeEvent();
      return undefined;
    }
    return this.#tellAndHandOver(decoder, schema, skip);
  }

  #tellAndHandOver(
    decoder: BinlogDecoder,
    schema: TableSchema,
    skip: number,
  ): Promise<void> | undefined {
    const wait = this.tell(schema);
    if (wait === undefined) {
      this.#handOver(decoder, schema, skip);
      return undefined;
    }
    return wait.then(() => {
      if (!this.#halted) this.#handOver(decoder, schema, skip);
    });
  }

  /** Each row of a captured table has its ordinal, whether or not it was told before. */
  #handOver(decoder: BinlogDecoder, schema: TableSchema, skip: number): void {
    const { receiver, position, skippedOperations } = this.#context;
    const change = this.#change;
    const isSkipped = skippedOperations.has(decoder.op);
    const watch = this.#context.watches?.of(schema) ?? null;
    change.op = decoder.op;
    change.table = schema;
    change.file = this.#decoder.file;
    change.pos = this.#decoder.position;
    let row = 0;
    while (decoder.nextRow()) {
      change.ordinal++;
      if (++row <= skip) continue;
      if (!isSkipped || watch !== null) {
        decoder.fillLeftOut();
        change.before = decoder.op === 'c' ? null : decoder.before;
        change.after = decoder.op === 'd' ? null : decoder.after;
        change.row = this.#payloadRows + row - 1;
        if ((watch === null || watch.row(change)) && !isSkipped) receiver.row(change);
      }
      position.rows(row);
    }
    if (this.#inner) this.#payloadRows += row;
    position.closeEvent(row);
  }

  /** Before the first row of a shape. */
  tell(schema: TableSchema): Promise<void> | undefined {
    if (schema === this.#lastTold) return undefined;
    this.#lastTold = schema;
    const name = tableName(schema.id);
    const previous = this.#told.get(name) ?? null;
    if (previous === schema) return undefined;
    this.#told.set(name, schema);
    const { receiver, position } = this.#context;
    const event = this.#origin();
    return receiver.schemaChanged({ table: schema, previous, position: position.place, event });
  }

  async #statement(step: StatementStep): Promise<void> {
    const { receiver, catalog, schemas, position } = this.#context;
    const effect = await this.#statements.follow(step, this.#spot());
    if (this.#halted) return HALTED;
    if (effect === null) {
      if (step.ends) this.#finish();
      return undefined;
    }
    this.#context.watches?.statement(effect);
    this.#change.ordinal++;
    const origin = this.#origin();
    const { memory } = effect;
    // As the original tells them: the row of the event before, and nobody's thread.
    const told = { ...origin, row: this.#change.row, thread: null };
    for (const [i, statement] of effect.told.entries()) {
      const remembered = i === 0 && memory !== null ? { memory } : {};
      await receiver.statement?.({ ...statement, origin: told, ...remembered });
    }
    if (memory !== null) position.remembered(memoryText(memory));
    for (const name of effect.truncated) {
      const definition = catalog.table(name.database, name.name);
      const table = definition === undefined ? null : schemas.ofDefinition(definition);
      if (this.#halted || table === null || this.#context.skippedOperations.has('t')) continue;
      await this.tell(table);
      const change = { ...origin, table };
      const watch = this.#context.watches?.of(table);
      if (watch?.truncate(change) !== false) receiver.truncate(change);
    }
    if (this.#halted) return HALTED;
    if (step.ends) this.#finish();
    return undefined;
  }

  #spot(): StatementPlace {
    return { file: this.#decoder.file, pos: this.#decoder.position };
  }

  #outcome({
    id,
    commits,
  }: Extract<TransactionStep, { kind: 'outcome' }>): Promise<void> | undefined {
    const kept = this.#context.held.take(id);
    if (commits && kept === undefined) this.#context.unreadable(preparedBefore(id));
    this.#context.watches?.outcome();
    if (commits && kept !== undefined) return this.#replay(kept);
    this.#finish();
    return undefined;
  }

  /** The rows that were kept are those of the open group. */
  async #replay(events: readonly KeptEvent[]): Promise<void> {
    const decoder = new BinlogDecoder();
    if (this.#format !== null) decoder.open(this.#format, 0, this.#format.length);
    for (const { bytes, inner } of events) {
      const type = inner
        ? decoder.openInner(bytes, 0, bytes.length)
        : decoder.open(bytes, 0, bytes.length);
      if (rowsKind(type) === undefined) decoder.event();
      else await this.#rows(decoder);
      if (this.#halted) return HALTED;
    }
    this.#finish();
    return undefined;
  }

  /** A compressed transaction is one unit, and its events have no places (PITFALLS B90). */
  async #payload(event: TransactionPayloadEvent): Promise<void> {
    this.#inner = true;
    const splitter = new EventSplitter();
    const small = smallPayload(event);
    if (small !== null) {
      splitter.push(small);
      return this.#innerEvents(splitter);
    }
    for await (const chunk of streamedPayload(event)) {
      splitter.push(chunk);
      await this.#innerEvents(splitter);
      if (!this.#halted) await this.#context.receiver.settle(true);
      if (this.#halted) return HALTED;
    }
    return undefined;
  }

  async #innerEvents(splitter: EventSplitter): Promise<void> {
    while (splitter.next()) {
      const { bytes, start, end } = splitter;
      this.#decoder.openInner(bytes, start, end);
      const wait = this.#dispatch(bytes, start, end);
      if (wait !== undefined) await wait;
      if (this.#halted) return HALTED;
    }
    return undefined;
  }
}
