import type { BinlogOrigin, SourceOffset } from '../../../model/change-event.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';
import type { SourcePlaces } from '../../../model/source-places.ts';
import type { BinlogOffset, BinlogPlace, GroupStart } from './binlog-offset.ts';
import { placeText, readStoredOffset } from './binlog-offset.ts';
import { compareFiles, fileNumber } from './binlog-position.ts';
import { gtidTrack } from './gtid-track.ts';

/**
 * The order of a binlog. Files count on one server alone; GTIDs on each, where there are any: both
 * are asked, and what one of them knows to be done is done. A group that comes twice is told twice;
 * one that counted as done by mistake would be missing.
 */
export const binlogPlaces: SourcePlaces = {
  isBefore: (event, offset, at) => {
    if (event.family !== 'binlog') return false;
    const known = knownOf(offset);
    const { open } = known.offset;
    if (open !== null && isIn(event, open)) return rowsOf(at()) < (known.offset.rowsTold ?? 0);
    if (event.gtid !== null && known.has?.(event.gtid) === true) return true;
    const { file, pos } = known.offset.done;
    return (
      isSameServer(known.offset, at) && compareFiles(event.file, event.groupPos, file, pos) < 0
    );
  },
  // The position counts a row when it has been told.
  beforeEvent: (_event, at) => at,
  isPast: (offset, at) => {
    const { done, open } = readStoredOffset(offset);
    const now = readStoredOffset(at);
    if (open !== null) return false;
    if (done.gtids !== null && now.done.gtids !== null) return hasAll(now.done.gtids, done.gtids);
    return isSameServer(now, () => offset) && comparePlaces(now.done, done) >= 0;
  },
  compare: (a, b) => {
    const [one, other] = [readStoredOffset(a), readStoredOffset(b)];
    const gtids = [one.done.gtids, other.done.gtids] as const;
    const isElsewhere = !isSameServer(one, () => b);
    if (isElsewhere && gtids[0] !== null && gtids[1] !== null && gtids[0] !== gtids[1]) {
      return hasAll(gtids[1], gtids[0]) ? -1 : 1;
    }
    // Of an open group its start counts: heartbeats may have moved what is done before it.
    const order = comparePlaces(one.open ?? one.done, other.open ?? other.done);
    return order === 0 ? (one.rowsTold ?? 0) - (other.rowsTold ?? 0) : order;
  },
  // Of files between nobody has told the size.
  bytesBetween: (offset, end) => {
    const { file, pos } = readStoredOffset(offset).done;
    const at = end.lastIndexOf(':');
    const last = { file: end.slice(0, at), pos: Number(end.slice(at + 1)) };
    if (last.file === file) return Math.max(0, last.pos - pos);
    return fileNumber(last.file) < fileNumber(file) ? 0 : null;
  },
  placeOf: (offset) => placeText(readStoredOffset(offset).done),
};

interface Known {
  readonly offset: BinlogOffset;
  readonly has: ((gtid: string) => boolean) | null;
}

/** One conversion for each offset, which rows are compared with. */
const places = new WeakMap<SourceOffset, Known>();

function knownOf(from: SourceOffset): Known {
  const found = places.get(from);
  if (found !== undefined) return found;
  const offset = readStoredOffset(from);
  const track = gtidTrack(offset.done.gtids);
  const has = track === null ? null : (gtid: string): boolean => track.has(gtid, true);
  const known = { offset, has };
  places.set(from, known);
  return known;
}

function isIn({ gtid, file, groupPos }: BinlogOrigin, open: GroupStart): boolean {
  if (gtid !== null || open.gtid !== null) return gtid === open.gtid;
  return file === open.file && groupPos === open.pos;
}

/** Rows of captured tables that the open group has told. */
function rowsOf(at: SourceOffset): number {
  const { open, rowsTold = 0 } = readStoredOffset(at);
  return open === null ? 0 : rowsTold;
}

function isSameServer({ serverUuid, serverId }: BinlogOffset, at: () => SourceOffset): boolean {
  const other = readStoredOffset(at());
  return serverUuid !== null && other.serverUuid !== null
    ? serverUuid === other.serverUuid
    : serverId === other.serverId;
}

type FilePlace = Pick<BinlogPlace, 'file' | 'pos'>;

function comparePlaces(a: FilePlace, b: FilePlace): number {
  return compareFiles(a.file, a.pos, b.file, b.pos);
}

/** All transactions of the second are among those of the first. */
function hasAll(all: string, some: string): boolean {
  if (some === '') return true;
  return some.includes(':')
    ? GtidSet.parse(all).contains(GtidSet.parse(some))
    : MariadbGtidPosition.parse(all).contains(MariadbGtidPosition.parse(some));
}
