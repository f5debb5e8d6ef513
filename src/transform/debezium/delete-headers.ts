import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';

/**
 * In the original a delete and its tombstone share one list of headers: what a transform adds to
 * the one is on the other, too. Here they share the list as well, but nobody changes it.
 */
export class DeleteHeaders {
  #shared: ConnectRecord['headers'] | null = null;
  #added: readonly ConnectHeader[] = [];

  /** A record with a value; `added`: what it gets, if it is a delete. */
  passed(record: ConnectRecord, added: readonly ConnectHeader[] | null): void {
    this.#shared = added === null ? null : record.headers;
    this.#added = added ?? [];
  }

  /** What the delete before this tombstone got. */
  ofTombstone(record: ConnectRecord): readonly ConnectHeader[] {
    const follows = this.#shared === record.headers;
    this.#shared = null;
    return follows ? this.#added : [];
  }
}
