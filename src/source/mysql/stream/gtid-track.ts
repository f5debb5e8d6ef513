import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition, parseMariadbGtid } from '../../../model/mariadb-gtid.ts';

/** The transactions that are done, of either family; none where the server has no GTIDs. */
export interface GtidTrack {
  /** Whether this one is surely among them. `resuming`: nothing new has come yet. */
  has(gtid: string, resuming: boolean): boolean;
  add(gtid: string): void;
  /** As the server prints it. */
  text(): string;
}

/** What is done by GTIDs, or null for a binlog without any. */
export function gtidTrack(text: string | null): GtidTrack | null {
  if (text === null || text === '') return null;
  return text.includes(':') ? new SetTrack(text) : new DomainTrack(text);
}

/** The track that the first GTID of a stream belongs to. */
export function emptyTrack(gtid: string): GtidTrack {
  return gtid.includes(':') ? new SetTrack('') : new DomainTrack('');
}

/** MySQL: a set, in which each transaction is told from each. */
class SetTrack implements GtidTrack {
  readonly #set: GtidSet;

  constructor(text: string) {
    this.#set = GtidSet.parse(text);
  }

  has(gtid: string): boolean {
    return this.#set.has(...parts(gtid));
  }

  add(gtid: string): void {
    this.#set.add(...parts(gtid));
  }

  text(): string {
    return this.#set.toString();
  }
}

/** MariaDB: the last of each domain; only the order of the binlog says what came before. */
class DomainTrack implements GtidTrack {
  readonly #position: MariadbGtidPosition;

  constructor(text: string) {
    this.#position = MariadbGtidPosition.parse(text);
  }

  has(gtid: string, resuming: boolean): boolean {
    const { domain, sequence } = parseMariadbGtid(gtid);
    // Without gtid_strict_mode numbers need not rise: a new one may be lower.
    return resuming && sequence <= (this.#position.of(domain)?.sequence ?? -1n);
  }

  add(gtid: string): void {
    this.#position.advance(parseMariadbGtid(gtid));
  }

  text(): string {
    return this.#position.toString();
  }
}

/** `uuid:7` or `uuid:tag:7`. */
function parts(gtid: string): [string, string, bigint] {
  const [uuid = '', second = '', third] = gtid.split(':');
  return third === undefined ? [uuid, '', BigInt(second)] : [uuid, second, BigInt(third)];
}

/** `set` without some of its transactions: what the server shall send again. */
export function withoutGtids(set: string, gtids: readonly string[]): string {
  return GtidSet.parse(set)
    .subtract(GtidSet.parse(gtids.join(',')))
    .toString();
}
