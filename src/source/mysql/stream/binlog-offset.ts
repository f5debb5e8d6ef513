import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';

/** A place between two groups of a binlog: in a file, and by GTIDs where the server has them. */
export interface BinlogPlace {
  readonly file: string;
  /** More than 32 bits (PITFALLS B5). */
  readonly pos: number;
  /** All transactions before it, as the server prints them; null: it has no GTIDs. */
  readonly gtids: string | null;
}

/** Where a group begins. */
export interface GroupStart {
  readonly file: string;
  readonly pos: number;
  readonly gtid: string | null;
}

/** Where the stream resumes. */
export interface BinlogOffset {
  /** Which server the file is of (PITFALLS B20); MariaDB has no uuid. */
  readonly serverUuid: string | null;
  readonly serverId: number;
  /** Of filters and options: which events there are depends on them (ruling 13). */
  readonly fingerprint: string;
  /** The end of the last group that is done; what is behind has not been handed over, */
  readonly done: BinlogPlace;
  /** Where the server has to begin, because prepared transactions before `done` wait (B32). */
  readonly held: BinlogPlace | null;
  /** but for a part of this group: so many of its rows events, and so many rows of the next. */
  readonly open: GroupStart | null;
  /** Null: it was begun on another server, which cuts rows into other events. */
  readonly eventsDone: number | null;
  readonly rowsDone: number;
  /** All rows of captured tables among them, the same on each server; absent: not known. */
  readonly rowsTold?: number;
  /** Of the last event, s since 1970; null before the first. */
  readonly seconds: number | null;
  readonly snapshot: 'running' | 'completed' | 'none';
  /** The last statement of the schema history that lies before it; null: absent or null: none. */
  readonly history?: string | null;
  /** What of the first group Debezium had sent when it stopped. */
  readonly sentBefore: SentBefore | null;
  /** Snapshots under way, as `encodeSnapshotState` writes them; null: none. */
  readonly snapshotState?: string | null;
}

/** Debezium counts all events of a group, from its BEGIN on (MariaDB: from its GTID). */
export interface SentBefore {
  readonly events: number;
  readonly rows: number;
}

/** Where the server has to begin. */
export function restartPlace({ held, done }: BinlogOffset): BinlogPlace {
  return held ?? done;
}

type OffsetMap = SourceOffset['offset'];

/**
 * Connect's form. The plain keys are Debezium's, with what it goes on by: the place between two
 * groups from which all is read again; of a group of which we published a part it repeats that.
 */
export function toSourceOffset(topicPrefix: string, offset: BinlogOffset): SourceOffset {
  const { done, held, open, history = null } = offset;
  const map: Record<string, string | number | boolean | null> = {
    ...debeziumKeys(offset),
    'tidemark.version': 1,
    'tidemark.server_uuid': offset.serverUuid,
    'tidemark.server_id': offset.serverId,
    'tidemark.fingerprint': offset.fingerprint,
    'tidemark.place': placeText(done),
    'tidemark.gtids': done.gtids,
    'tidemark.prepared': held === null ? null : placeText(held),
    'tidemark.prepared_gtids': held?.gtids ?? null,
    'tidemark.open': open === null ? null : placeText(open),
    'tidemark.open_gtid': open?.gtid ?? null,
    'tidemark.events_done': offset.eventsDone,
    'tidemark.rows_done': offset.rowsDone,
    ...(offset.rowsTold === undefined ? {} : { 'tidemark.rows_told': offset.rowsTold }),
    'tidemark.snapshot': offset.snapshot,
    ...(history === null ? {} : { 'tidemark.history': history }),
  };
  const sent = offset.sentBefore;
  if (sent !== null) map['tidemark.sent_before'] = `${sent.events} ${sent.rows}`;
  const state = offset.snapshotState ?? null;
  if (state !== null) map['tidemark.snapshots'] = state;
  return { partition: { server: topicPrefix }, offset: map, midTransaction: open !== null };
}

/** The keys of the original, as its schema history has them too. */
export function debeziumKeys(offset: BinlogOffset): OffsetMap {
  const { file, pos, gtids } = restartPlace(offset);
  return {
    ...(offset.seconds === null ? {} : { ts_sec: offset.seconds }),
    file,
    pos,
    ...(gtids === null ? {} : { gtids }),
    ...(offset.snapshot === 'running' ? { snapshot: 'INITIAL' } : { server_id: offset.serverId }),
    ...(offset.sentBefore === null || offset.open !== null ? {} : sentKeys(offset.sentBefore)),
  };
}

function sentKeys({ events, rows }: SentBefore): OffsetMap {
  return { event: events, ...(rows === 0 ? {} : { row: rows }) };
}

/** Where to go on: by our own offset, or by that of a Debezium connector. */
export function readStoredOffset({ offset }: SourceOffset): BinlogOffset {
  const version = offset['tidemark.version'] ?? null;
  if (version === null) return adopted(offset);
  if (version !== 1) {
    throw new TidemarkError('MYSQL_POSITION', `stored source offset of version ${version}`, {
      cure: 'It was written by a newer version: use that, or snapshot anew.',
    });
  }
  const snapshot = offset['tidemark.snapshot'];
  const open = textOrNull(offset, 'tidemark.open');
  const held = textOrNull(offset, 'tidemark.prepared');
  const sent = textOrNull(offset, 'tidemark.sent_before')?.split(' ');
  const history = textOrNull(offset, 'tidemark.history');
  const state = textOrNull(offset, 'tidemark.snapshots');
  return {
    serverUuid: textOrNull(offset, 'tidemark.server_uuid'),
    serverId: count(offset, 'tidemark.server_id'),
    fingerprint: text(offset, 'tidemark.fingerprint'),
    done: {
      ...readPlace(text(offset, 'tidemark.place')),
      gtids: textOrNull(offset, 'tidemark.gtids'),
    },
    held:
      held === null
        ? null
        : { ...readPlace(held), gtids: textOrNull(offset, 'tidemark.prepared_gtids') },
    open:
      open === null ? null : { ...readPlace(open), gtid: textOrNull(offset, 'tidemark.open_gtid') },
    eventsDone:
      offset['tidemark.events_done'] === null ? null : count(offset, 'tidemark.events_done'),
    rowsDone: count(offset, 'tidemark.rows_done'),
    ...(offset['tidemark.rows_told'] === undefined
      ? {}
      : { rowsTold: count(offset, 'tidemark.rows_told') }),
    seconds: offset['ts_sec'] === undefined ? null : count(offset, 'ts_sec'),
    snapshot: snapshot === 'running' || snapshot === 'completed' ? snapshot : 'none',
    ...(history === null ? {} : { history }),
    sentBefore: sent === undefined ? null : { events: Number(sent[0]), rows: Number(sent[1]) },
    ...(state === null ? {} : { snapshotState: state }),
  };
}

/** Debezium's keys as 3.6 fills them; `server_id` is that of the events, not of a server. */
function adopted(offset: OffsetMap): BinlogOffset {
  const problem = debeziumOffsetProblem(offset);
  if (problem !== null) throw problem;
  const events = offset['event'] === undefined ? 0 : count(offset, 'event');
  const rows = offset['row'] === undefined ? 0 : count(offset, 'row');
  const gtids = farthestGtids(textOrNull(offset, 'gtids'));
  return {
    serverUuid: null,
    serverId: ANY_SERVER,
    fingerprint: '',
    done: { file: text(offset, 'file'), pos: count(offset, 'pos'), gtids },
    held: null,
    open: null,
    eventsDone: 0,
    rowsDone: 0,
    seconds: offset['ts_sec'] === undefined ? null : count(offset, 'ts_sec'),
    snapshot: 'completed',
    // Rows without events: of a compressed transaction, whose rows cannot be told by that.
    sentBefore: events === 0 ? null : { events, rows },
  };
}

/** Of MariaDB Debezium keeps the last transaction of each server, several of one domain. */
function farthestGtids(gtids: string | null): string | null {
  // What is none is told where positions are judged.
  if (gtids === null || !/^\d+-\d+-\d+(?:,\d+-\d+-\d+)+$/.test(gtids)) return gtids;
  const position = new MariadbGtidPosition();
  for (const gtid of gtids.split(',')) position.merge(MariadbGtidPosition.parse(gtid));
  return position.toString();
}

/** Stands for "whichever server is there": Debezium stores none. No server has this id. */
export const ANY_SERVER = 0;

/** Why nobody but Debezium can go on from this offset of its own; null: we can. */
export function debeziumOffsetProblem(offset: OffsetMap): TidemarkError | null {
  const snapshot = offset['snapshot'] ?? null;
  if (snapshot !== null && snapshot !== false && offset['snapshot_completed'] !== true) {
    return refusal('its snapshot is not complete', 'Let it complete, and stop the connector');
  }
  const open = offset['incremental_snapshot_collections'] ?? null;
  if (open !== null && open !== '' && open !== '[]') {
    const cure = 'Let it complete or stop it by a stop-snapshot signal, and stop the connector';
    return refusal(
      'an incremental snapshot is under way, which only Debezium can go on with',
      cure,
    );
  }
  if ((offset['file'] ?? null) === null || (offset['pos'] ?? null) === null) {
    const cure = 'It is no offset of the MySQL or MariaDB connector: correct name and topic.prefix';
    return refusal('it has no file and pos', cure);
  }
  const isInside = (offset['row'] ?? null) !== null && (offset['event'] ?? null) === null;
  if (isInside && (offset['gtids'] ?? null) === null) {
    const what = 'it stands inside of a transaction that it does not tell the beginning of';
    return refusal(what, 'Start the connector, let it come to the next transaction, and stop it');
  }
  return null;
}

function refusal(reason: string, cure: string): TidemarkError {
  const message = `Debezium's offset cannot be taken over: ${reason}`;
  return new TidemarkError('HANDOVER_REFUSED', message, { cure: `${cure}.` });
}

/** `mysql-bin.000003:1234`; a name may hold colons. */
export function placeText({ file, pos }: { readonly file: string; readonly pos: number }): string {
  return `${file}:${pos}`;
}

function readPlace(place: string): { file: string; pos: number } {
  const match = /^(.*):(\d{1,16})$/s.exec(place);
  const pos = Number(match?.[2]);
  if (match === null || !Number.isSafeInteger(pos)) throw wrong('place', place);
  return { file: match[1] as string, pos };
}

function text(offset: OffsetMap, key: string): string {
  const value = textOrNull(offset, key);
  return value ?? wrongThrow(key, offset[key]);
}

function textOrNull(offset: OffsetMap, key: string): string | null {
  const value = offset[key] ?? null;
  return value === null || typeof value === 'string' ? value : wrongThrow(key, value);
}

/** Numbers of other programs may have come as texts of digits. */
function count(offset: OffsetMap, key: string): number {
  const value = offset[key];
  const number = /^\d{1,16}$/.test(String(value)) ? Number(value) : -1;
  return number >= 0 && Number.isSafeInteger(number) ? number : wrongThrow(key, value);
}

function wrongThrow(key: string, value: unknown): never {
  throw wrong(key, value);
}

function wrong(key: string, value: unknown): TidemarkError {
  const shown = JSON.stringify(value ?? null);
  return new TidemarkError('MYSQL_POSITION', `the stored ${key} is ${shown}`);
}
