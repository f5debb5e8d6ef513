import type { SourceFamily } from '../config/source-family.ts';
import type { SourcePlaces } from '../model/source-places.ts';
import { binlogPlaces } from '../source/mysql/stream/binlog-places.ts';
import { postgresPlaces } from '../source/postgres/stream/postgres-places.ts';

/** How the offsets of a family are ordered. */
export function placesOf(family: SourceFamily): SourcePlaces {
  return family === 'postgres' ? postgresPlaces : binlogPlaces;
}
