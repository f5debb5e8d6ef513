import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { GtidSourceOptions } from '../mysql-source-options.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import { compareFiles } from '../stream/binlog-position.ts';
import { countedGtids } from '../stream/dump-start.ts';

/** Where a record of a schema history says that its statement stands. */
export interface ToldPosition {
  readonly position: SourceOffset['offset'];
  /** Ours names the place before the statement, Debezium's the end of its event. */
  readonly isOurs: boolean;
}

/**
 * Whether a statement lies before a place, so that it does not come again from there. By GTID the
 * record has the transactions before the statement: where the place has no others, the statement is
 * the next one to come (Debezium applies it from the history all the same, and then again).
 */
export function liesBefore(
  { position, isOurs }: ToldPosition,
  place: BinlogPlace,
  sources: GtidSourceOptions,
): boolean {
  const isSnapshot = (position['snapshot'] ?? false) !== false;
  const told = textOf(position['gtids']);
  if (!sources.ignored && place.gtids !== null && place.gtids !== '') {
    // GTIDs were turned on since.
    if (told === null) return true;
    const order = compareGtids(countedGtids(told, sources), countedGtids(place.gtids, sources));
    return order === 'inside' || (order === 'equal' && isSnapshot);
  }
  const file = textOf(position['file']);
  if (file === null) return false;
  const order = compareFiles(file, Number(position['pos'] ?? 0), place.file, place.pos);
  // Inside of a transaction the place is that of its beginning.
  const isEnd = !isOurs && (position['event'] ?? null) === null;
  return order < 0 || (order === 0 && (isSnapshot || isEnd));
}

type GtidOrder = 'inside' | 'equal' | 'other';

/** All of MySQL's have a colon, none of MariaDB's. */
function compareGtids(told: string, place: string): GtidOrder {
  if (place.includes(':')) {
    const [inner, outer] = [GtidSet.parse(told), GtidSet.parse(place)];
    if (!outer.contains(inner)) return 'other';
    return inner.equals(outer) ? 'equal' : 'inside';
  }
  const [inner, outer] = [MariadbGtidPosition.parse(told), MariadbGtidPosition.parse(place)];
  if (!outer.contains(inner)) return 'other';
  return inner.contains(outer) ? 'equal' : 'inside';
}

function textOf(value: SourceOffset['offset'][string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
