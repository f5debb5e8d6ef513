import type { SourceOffset } from '../../../model/change-event.ts';
import { formatLsn, type Lsn, parseLsn } from '../../../model/lsn.ts';
import type { SourcePlaces } from '../../../model/source-places.ts';
import { fromSourceOffset, restartLsn } from './replication-offset.ts';

/** The order of a stream of PostgreSQL: that of the commits, and of the events in each (P45). */
export const postgresPlaces: SourcePlaces = {
  isBefore: (event, offset) => {
    if (event.family !== 'postgres') return false;
    const { end, open, done } = placeIn(offset);
    // As `ReplicationPosition` has it: a commit record that begins before the end is done.
    if (event.commitLsn < end) return true;
    return open === event.commitLsn && event.ordinal < done;
  },
  beforeEvent: (event, at) => {
    if (event.family !== 'postgres') return at;
    const { end } = placeIn(at);
    const { commitLsn, ordinal } = event;
    const isOpen = ordinal > 0;
    const offset = {
      ...at.offset,
      // A row that waited for a value comes late: the reader may be behind its transaction.
      'tidemark.end_lsn': formatLsn(end < commitLsn ? end : commitLsn),
      'tidemark.commit_lsn': isOpen ? formatLsn(commitLsn) : null,
      'tidemark.events_done': isOpen ? ordinal : 0,
    };
    return { ...at, offset };
  },
  isPast: (offset, at, has) => {
    const { end, open } = placeIn(offset);
    if (open === null) return has(formatLsn(end));
    // The rest of an open transaction comes again, and tells; it may have no more than its end.
    const now = placeIn(at);
    return now.open === null && now.end > open;
  },
  compare: (a, b) => {
    // Of an open transaction its commit counts: keepalives may have moved the end before it.
    const [one, other] = [placeIn(a), placeIn(b)];
    const [first, second] = [one.open ?? one.end, other.open ?? other.end];
    if (first !== second) return first < second ? -1 : 1;
    return one.done - other.done;
  },
  bytesBetween: (offset, end) =>
    Math.max(0, Number(parseLsn(end) - restartLsn(fromSourceOffset(offset)))),
  placeOf: (offset) => formatLsn(placeIn(offset).end),
};

/** One conversion for each offset, which rows are compared with. */
const known = new WeakMap<SourceOffset, Place>();

interface Place {
  readonly end: Lsn;
  readonly open: Lsn | null;
  readonly done: number;
}

function placeIn(offset: SourceOffset): Place {
  const found = known.get(offset);
  if (found !== undefined) return found;
  const { endLsn: end, openCommitLsn: open, eventsDone: done } = fromSourceOffset(offset);
  const place = { end, open, done };
  known.set(offset, place);
  return place;
}
