import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import type { DdlStatement } from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import type { QualifiedName } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { formatMariadbGtid } from '../../../model/mariadb-gtid.ts';
import type { BinlogDecoder } from '../binlog/binlog-decoder.ts';
import type {
  BinlogEvent,
  GtidEvent,
  HeartbeatEvent,
  IncidentEvent,
  MariadbGtidEvent,
  QueryEvent,
  RotateEvent,
  TransactionPayloadEvent,
  XaPrepareEvent,
} from '../binlog/binlog-event.ts';
import { EventFlag } from '../binlog/binlog-event-type.ts';
import type { BinlogPosition, SentProgress } from './binlog-position.ts';
import { ALL_ROWS, rowsSent } from './binlog-position.ts';

/** What of an event's header counts here: the decoder, which has the event open. */
export type EventPlace = Pick<
  BinlogDecoder,
  'file' | 'position' | 'beginPosition' | 'endPosition' | 'timestamp' | 'flags' | 'serverId'
>;

/** A statement that changes tables. */
export interface StatementStep {
  readonly kind: 'statement';
  readonly statement: DdlStatement;
  readonly event: QueryEvent;
  /** It is all of its group. */
  readonly ends: boolean;
}

/**
 * What an event means. After `end`, `outcome`, `prepared`, `one-phase`, and what `ends`, whoever
 * has handed over all of the group calls `finish`.
 */
export type TransactionStep =
  | { readonly kind: 'none' | 'began' | 'end' }
  | StatementStep
  /** Rows changed that no row event tells of (PITFALLS B41, B33). */
  | {
      readonly kind: 'unreadable';
      readonly error: TidemarkError;
      /** What may have changed; none: nobody knows. */
      readonly tables: readonly QualifiedName[];
      readonly ends: boolean;
    }
  /** A compressed transaction, whose events come next (PITFALLS B90). */
  | { readonly kind: 'payload'; readonly event: TransactionPayloadEvent }
  /** The rows that were kept go under this name, or (`one-phase`) out. */
  | { readonly kind: 'prepared'; readonly id: string }
  | { readonly kind: 'one-phase' }
  /** Of a transaction that was prepared in an earlier group. */
  | { readonly kind: 'outcome'; readonly id: string; readonly commits: boolean };

/** The group of events that a transaction, or a statement that changes tables, is. */
export interface BinlogGroup {
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  /** The same place however the stream came there: `pos` may be before what the server left out. */
  readonly beginPos: number;
  readonly serverId: number;
  /** Of the commit where the server tells it (MySQL 8.0), else of the statement; µs since 1970. */
  readonly micros: bigint | null;
  /** There was a BEGIN, or there will be none: rows may follow, and a commit. */
  readonly begun: boolean;
}

interface OpenGroup extends BinlogGroup, SentProgress {
  annotations: number;
  begun: boolean;
  /** Rows wait for the outcome of XA PREPARE. */
  holds: boolean;
  /** Rows events of captured tables so far, and at each savepoint. */
  rows: number;
  readonly savepoints: Map<string, number>;
  /** MariaDB: the statement is only announced, or taken back (PITFALLS B108). */
  readonly skipsDdl: boolean;
  /** Which outcome of which transaction this group is. */
  outcome: string | null;
  prepared: string | null;
  /**
   * Events since BEGIN, which MariaDB's GTID is, as Debezium counts them; null: not begun, or not
   * to be told by them.
   */
  events: number | null;
}

const NONE = { kind: 'none' } as const;
const BEGAN = { kind: 'began' } as const;
const END = { kind: 'end' } as const;
/** Of MariaDB's extra flags: START ALTER and ROLLBACK ALTER. */
const NOT_YET_ALTERED = 2 | 8;

/**
 * Follows the groups of a binlog, and moves the position over them. It needs no server and no
 * rows: `take` is given each event that is none of rows, `rows` is asked at each that is.
 */
export class BinlogTransactions {
  readonly #position: BinlogPosition;
  #group: OpenGroup | null = null;
  /** Of the last FORMAT_DESCRIPTION: how statements are read. */
  server: ServerVersion;

  constructor(position: BinlogPosition, server: ServerVersion) {
    this.#position = position;
    this.server = server;
  }

  /** The open group; null between them. */
  get group(): BinlogGroup | null {
    return this.#group;
  }

  /** Rows of the open group are not to be handed over, but kept (PITFALLS B32). */
  get holdsRows(): boolean {
    return this.#group?.holds ?? false;
  }

  /**
   * A rows event begins: so many of its rows are not to be handed over. Of kept ones that is asked
   * again, in the group of their outcome.
   */
  rows(isCaptured: boolean): number {
    const group = this.#group;
    if (group?.begun !== true) throw outOfOrder('rows outside of a transaction');
    if (isCaptured && !this.#position.isDone) group.rows++;
    if (group.holds) return ALL_ROWS;
    const skip = this.#position.openEvent();
    const sent = this.#position.sentBefore;
    const { events } = group;
    if (sent === null || events === null) return skip;
    group.events = events + 1;
    return Math.max(skip, rowsSent(group, events, sent));
  }

  /** Any other event. */
  take(event: BinlogEvent, place: EventPlace): TransactionStep {
    const step = this.#take(event, place);
    const group = this.#group;
    if (group === null || group.events === null) return step;
    const isAnnotation = event.kind === 'rows-query' && this.server.flavor === 'mariadb';
    if (isAnnotation) group.annotations++;
    else group.events++;
    return step;
  }

  #take(event: BinlogEvent, place: EventPlace): TransactionStep {
    switch (event.kind) {
      case 'gtid':
        return this.#begin(groupOf(event, place));
      case 'mariadb-gtid':
        return this.#begin(mariadbGroup(event, place));
      case 'query':
        return this.#query(event, place);
      case 'xid':
        this.#required('XID');
        return END;
      case 'xa-prepare':
        return this.#prepare(event);
      case 'transaction-payload':
        // Debezium's place without GTIDs is behind the event that begins the group.
        if (this.#group === null) this.#begin(newGroup(place, null, null));
        return { kind: 'payload', event };
      case 'incident':
        throw incident(event);
      case 'rotate':
        if (this.#group !== null) throw outOfOrder('the end of a file in a transaction');
        // An artificial one only names the file that follows (PITFALLS B10).
        if ((place.flags & EventFlag.artificial) === 0) this.#idle(event);
        return NONE;
      case 'heartbeat':
        this.#idle(event);
        return NONE;
      default:
        // What stands at the head of a file is history (PITFALLS B27), and the rest is no change.
        return NONE;
    }
  }

  /** All of the group is handed over, up to `pos` of `file`; true: some of it was new. */
  finish({ file, endPosition }: Pick<EventPlace, 'file' | 'endPosition'>): boolean {
    const group = this.#required('the end of a transaction');
    this.#group = null;
    if (group.prepared !== null) {
      this.#position.prepare(group.prepared, file, endPosition);
      return false;
    }
    const isNew = this.#position.commit(file, endPosition);
    if (group.outcome !== null) this.#position.release(group.outcome);
    return isNew;
  }

  #begin(group: OpenGroup): TransactionStep {
    if (this.#group !== null) throw outOfOrder('a transaction inside of another');
    const seconds = Number((group.micros ?? 0n) / 1_000_000n);
    this.#position.begin({ gtid: group.gtid, file: group.file, pos: group.pos }, seconds);
    this.#group = group;
    return this.#position.isDone ? NONE : BEGAN;
  }

  #query(event: QueryEvent, place: EventPlace): TransactionStep {
    const { sql } = event;
    const isOutside = this.#group === null;
    // A server without GTID events: the first statement begins the group.
    if (isOutside) this.#begin(newGroup(place, null, null));
    if (sql === 'BEGIN') return this.#begun(isOutside);
    const dialect = ddlDialect(this.server, Number(event.context.sqlMode ?? 0n));
    const statement = parseDdlStatement(sql, dialect);
    if (statement.kind === 'transaction') return this.#control(statement.words, sql, isOutside);
    const group = this.#required(sql);
    const ends = !group.begun;
    if (this.#position.isDone || group.skipsDdl || statement.kind === 'irrelevant') {
      return ends ? END : NONE;
    }
    if (statement.kind === 'rows') {
      const tables = statement.tables.map(({ database, name }) => ({
        database: database ?? event.schema,
        name,
      }));
      return { kind: 'unreadable', error: loggedAsText(event, statement, tables), tables, ends };
    }
    return { kind: 'statement', statement, event, ends };
  }

  #begun(isNew: boolean): TransactionStep {
    const group = this.#required('BEGIN');
    group.begun = true;
    group.events = 0;
    return isNew && !this.#position.isDone ? BEGAN : NONE;
  }

  #holding(group: OpenGroup, isNew: boolean): TransactionStep {
    const step = this.#begun(isNew);
    group.holds = true;
    group.events = null;
    return step;
  }

  /** BEGIN, COMMIT, XA … as the parser tells them (PITFALLS B31 to B34). */
  #control(words: string, sql: string, isOutside: boolean): TransactionStep {
    const group = this.#required(words);
    switch (words) {
      case 'XA START':
      case 'XA BEGIN':
        return this.#holding(group, isOutside);
      case 'XA COMMIT':
      case 'XA ROLLBACK':
        return this.#outcome(group, words === 'XA COMMIT', sql);
      case 'XA END':
        return NONE;
    }
    if (words.startsWith('SAVEPOINT')) {
      group.savepoints.set(savepointName(sql), group.rows);
      return NONE;
    }
    if (words.startsWith('BEGIN') || words.startsWith('START')) return this.#begun(isOutside);
    if (words.startsWith('COMMIT')) return END;
    if (words.startsWith('ROLLBACK')) return this.#rollback(group, sql);
    if (words.startsWith('RELEASE')) return NONE;
    throw outOfOrder(words);
  }

  /**
   * Rows of tables without transactions stay when others are rolled back, and the events do not
   * tell which is which (PITFALLS B33, B34).
   */
  #rollback(group: OpenGroup, sql: string): TransactionStep {
    const to = /^ROLLBACK\s+(?:WORK\s+)?TO\s/i.test(sql);
    const rows = group.rows - (to ? (group.savepoints.get(savepointName(sql)) ?? 0) : 0);
    if (rows === 0) return to ? NONE : END;
    return { kind: 'unreadable', error: rolledBack(group, sql), tables: [], ends: !to };
  }

  #outcome(group: OpenGroup, commits: boolean, sql: string): TransactionStep {
    // In a group of its own; `begun`, because the rows that were kept come now.
    group.begun = true;
    const id = sql.replace(/^XA\s+\w+\s+/i, '').trim();
    group.outcome = id;
    return { kind: 'outcome', id, commits: commits && !this.#position.isDone };
  }

  #prepare(event: XaPrepareEvent): TransactionStep {
    const group = this.#required('XA PREPARE');
    if (event.onePhase) {
      group.holds = false;
      return this.#position.isDone ? END : { kind: 'one-phase' };
    }
    const id = xaName(event);
    group.prepared = id;
    return { kind: 'prepared', id };
  }

  /** Nothing for us up to there; not in the middle of a group (PITFALLS B9). */
  #idle({ file, position }: RotateEvent | HeartbeatEvent): void {
    if (this.#group === null) this.#position.idle(file, position);
  }

  #required(what: string): OpenGroup {
    if (this.#group === null) throw outOfOrder(`${what.slice(0, 60)} outside of a transaction`);
    return this.#group;
  }
}

function newGroup(place: EventPlace, gtid: string | null, micros: bigint | null): OpenGroup {
  return {
    gtid,
    file: place.file,
    pos: place.position,
    beginPos: place.beginPosition,
    serverId: place.serverId,
    micros: micros ?? BigInt(place.timestamp) * 1_000_000n,
    begun: false,
    holds: false,
    rows: 0,
    savepoints: new Map(),
    skipsDdl: false,
    outcome: null,
    prepared: null,
    events: null,
    annotations: 0,
    isPast: false,
  };
}

function groupOf({ gtid, immediateCommitMicros }: GtidEvent, place: EventPlace): OpenGroup {
  if (gtid === null) return newGroup(place, null, immediateCommitMicros);
  const tag = gtid.tag === '' ? '' : `${gtid.tag}:`;
  return newGroup(place, `${gtid.uuid}:${tag}${gtid.number}`, immediateCommitMicros);
}

/** No BEGIN follows, unless it is a statement by itself (PITFALLS B26). */
function mariadbGroup(event: MariadbGtidEvent, place: EventPlace): OpenGroup {
  return {
    ...newGroup(place, formatMariadbGtid(event.gtid), null),
    begun: !event.standalone,
    events: event.standalone || event.preparesXa ? null : 0,
    holds: event.preparesXa,
    skipsDdl: (event.extraFlags & NOT_YET_ALTERED) !== 0,
  };
}

/** As XA COMMIT names it in the binlog. */
function xaName({ gtrid, bqual, formatId }: XaPrepareEvent): string {
  return `X'${gtrid.toString('hex')}',X'${bqual.toString('hex')}',${formatId}`;
}

function savepointName(sql: string): string {
  return sql.replace(/^.*\s/s, '').replaceAll('`', '').toLowerCase();
}

function outOfOrder(what: string): TidemarkError {
  return new TidemarkError('DECODE', `${what}: the binlog is out of order`);
}

function incident({ incident: number, message }: IncidentEvent): TidemarkError {
  return new TidemarkError(
    'MYSQL_BINLOG_LOST',
    `the server has lost events of its binlog (incident ${number}): ${message}`,
    { cure: 'What is missing is known to nobody: snapshot anew.' },
  );
}

function loggedAsText(
  { sql }: QueryEvent,
  { verb }: Extract<DdlStatement, { kind: 'rows' }>,
  tables: readonly QualifiedName[],
): TidemarkError {
  const names = tables.map(({ database, name }) => `${database}.${name}`).join(', ');
  return new TidemarkError(
    'MYSQL_BINLOG_SETTINGS',
    `a statement was logged as text, not as rows: ${verb} of ${names === '' ? '?' : names} ` +
      `(${sql.length} characters)`,
    {
      cure:
        'SET GLOBAL binlog_format = ROW; and end the sessions that set their own. What it ' +
        'changed is not known: snapshot the tables anew.',
    },
  );
}

function rolledBack({ gtid, file, pos }: BinlogGroup, sql: string): TidemarkError {
  return new TidemarkError(
    'MYSQL_BINLOG_SETTINGS',
    `${gtid ?? `${file}:${pos}`} has rows, and then ${sql.slice(0, 60)}: it also changed tables ` +
      'without transactions, whose rows stay, and the binlog does not tell which those are',
    { cure: 'Give all tables that a transaction changes the engine InnoDB; snapshot them anew.' },
  );
}
