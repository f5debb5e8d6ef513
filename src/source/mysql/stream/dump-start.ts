import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition, parseMariadbGtid } from '../../../model/mariadb-gtid.ts';
import type { GtidSourceOptions } from '../mysql-source-options.ts';
import type { BinlogStart } from '../wire/binlog-commands.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { PositionOrigin } from '../wire/start-check.ts';
import type { BinlogOffset } from './binlog-offset.ts';
import { ANY_SERVER, restartPlace } from './binlog-offset.ts';

/** Sources whose GTIDs count, and whose rows are wanted: all. */
export const ALL_GTID_SOURCES: GtidSourceOptions = {
  includes: [],
  excludes: [],
  filtersRows: false,
  ignored: false,
};

/** What decides where a dump begins. */
export interface DumpChoice {
  readonly sources: GtidSourceOptions;
  readonly facts: Pick<MysqlServerFacts, 'gtid'>;
}

/**
 * Where the server has to begin: by GTID wherever there is one, so that it may be any server of the
 * set. Transactions of sources that do not count are taken for read where the server has them: a
 * server that came from elsewhere has some that nobody asks for.
 */
export function dumpStart(offset: BinlogOffset, { sources, facts }: DumpChoice): BinlogStart {
  const { file, pos, gtids } = restartPlace(offset);
  if (sources.ignored || gtids === null || gtids === '') {
    return { kind: 'file', file, position: pos };
  }
  // All of MySQL's have a colon, none of MariaDB's.
  if (!gtids.includes(':')) {
    return { kind: 'mariadb-gtid', position: mariadbStart(gtids, { sources, facts }) };
  }
  const executed = GtidSet.parse(gtids);
  if (hasNoLists(sources) || facts.gtid.kind !== 'mysql') return { kind: 'gtid', executed };
  const counts = (part: string): boolean => isSourceWanted(sources, part.split(':')[0] as string);
  const own = parts(executed).filter(counts);
  const others = parts(facts.gtid.executed).filter((part) => !counts(part));
  return { kind: 'gtid', executed: GtidSet.parse([...own, ...others].join(',')) };
}

function mariadbStart(gtids: string, { sources, facts }: DumpChoice): MariadbGtidPosition {
  if (hasNoLists(sources) || facts.gtid.kind !== 'mariadb') return MariadbGtidPosition.parse(gtids);
  const counts = (gtid: string): boolean => isSourceWanted(sources, mariadbSource(gtid));
  const own = gtids.split(',').filter(counts);
  const others = facts.gtid.binlog
    .toString()
    .split(',')
    .filter((gtid) => gtid !== '' && !counts(gtid));
  const position = MariadbGtidPosition.parse(own.join(','));
  // Of a domain that has transactions of both, those that count decide.
  for (const gtid of others) {
    const other = parseMariadbGtid(gtid);
    if (position.of(other.domain) === undefined) position.advance(other);
  }
  return position;
}

/** What of a set, or of a position, comes from sources that count. */
export function countedGtids(gtids: string, sources: GtidSourceOptions): string {
  if (hasNoLists(sources)) return gtids;
  const all = gtids.includes(':') ? parts(GtidSet.parse(gtids)) : gtids.split(',');
  const sourceOf = (gtid: string): string =>
    gtid.includes(':') ? (gtid.split(':')[0] as string) : mariadbSource(gtid);
  return all.filter((gtid) => isSourceWanted(sources, sourceOf(gtid))).join(',');
}

/** Which server the stored files are of; null: whichever is there. */
export function originOf({ serverUuid, serverId }: BinlogOffset): PositionOrigin | null {
  return serverUuid === null && serverId === ANY_SERVER ? null : { serverUuid, serverId };
}

/** Whether rows of a transaction are left out (gtid.source.filter.dml.events). */
export function skipsRowsOf(sources: GtidSourceOptions): (gtid: string | null) => boolean {
  if (!sources.filtersRows || hasNoLists(sources)) return () => false;
  return (gtid) => {
    if (gtid === null) return false;
    const source = gtid.includes(':') ? (gtid.split(':')[0] as string) : mariadbSource(gtid);
    return !isSourceWanted(sources, source);
  };
}

function hasNoLists({ includes, excludes }: GtidSourceOptions): boolean {
  return includes.length + excludes.length === 0;
}

function isSourceWanted({ includes, excludes }: GtidSourceOptions, source: string): boolean {
  if (includes.length > 0) return includes.some((pattern) => pattern.test(source));
  return !excludes.some((pattern) => pattern.test(source));
}

/** `domain-server`, as the original names them. */
function mariadbSource(gtid: string): string {
  const { domain, server } = parseMariadbGtid(gtid);
  return `${domain}-${server}`;
}

function parts(set: GtidSet): readonly string[] {
  const text = set.toString();
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}
