import { TidemarkError } from '../foundation/errors.ts';

/** A transaction of MariaDB: its domain, the server that made it, and its number in the domain. */
export interface MariadbGtid {
  readonly domain: number;
  readonly server: number;
  readonly sequence: bigint;
}

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/** Reads `domain-server-sequence`. */
export function parseMariadbGtid(text: string): MariadbGtid {
  const match = GTID.exec(text.trim());
  const domain = Number(match?.[1]);
  const server = Number(match?.[2]);
  const sequence = BigInt(match?.[3] ?? -1);
  const fits = domain <= 0xffffffff && server <= 0xffffffff && sequence < 2n ** 64n;
  if (match === null || !fits) {
    throw new TidemarkError('DECODE', `not a GTID of MariaDB: ${JSON.stringify(text)}`);
  }
  return { domain, server, sequence };
}

/** Writes `domain-server-sequence`. */
export function formatMariadbGtid({ domain, server, sequence }: MariadbGtid): string {
  return `${domain}-${server}-${sequence}`;
}

/**
 * How far each domain is: its last transaction (PITFALLS B23). A server may continue another's
 * domain, so the server's id does not count when positions are compared.
 */
export class MariadbGtidPosition {
  readonly #domains = new Map<number, MariadbGtid>();

  /** Reads `0-1-5,1-2-9`; of two in one domain the later counts, as for the server. */
  static parse(text: string): MariadbGtidPosition {
    const position = new MariadbGtidPosition();
    for (const part of text.split(',')) {
      if (part.trim() !== '') position.advance(parseMariadbGtid(part));
    }
    return position;
  }

  get isEmpty(): boolean {
    return this.#domains.size === 0;
  }

  /** The transaction is done: whatever its number, the domain now stands there. */
  advance(gtid: MariadbGtid): void {
    this.#domains.set(gtid.domain, gtid);
  }

  of(domain: number): MariadbGtid | undefined {
    return this.#domains.get(domain);
  }

  /** The farther one of each domain. */
  merge(other: MariadbGtidPosition): void {
    for (const gtid of other.#domains.values()) {
      const here = this.#domains.get(gtid.domain);
      if (here === undefined || here.sequence < gtid.sequence) this.advance(gtid);
    }
  }

  contains(other: MariadbGtidPosition): boolean {
    return [...other.#domains.values()].every((gtid) => {
      const here = this.#domains.get(gtid.domain);
      return here !== undefined && here.sequence >= gtid.sequence;
    });
  }

  equals(other: MariadbGtidPosition): boolean {
    return this.toString() === other.toString();
  }

  clone(): MariadbGtidPosition {
    const copy = new MariadbGtidPosition();
    for (const gtid of this.#domains.values()) copy.advance(gtid);
    return copy;
  }

  /** By domain: `0-1-5,1-2-9`, as in @slave_connect_state. */
  toString(): string {
    const sorted = [...this.#domains.values()].sort((a, b) => a.domain - b.domain);
    return sorted.map(formatMariadbGtid).join(',');
  }
}
