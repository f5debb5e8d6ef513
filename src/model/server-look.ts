import type { SourceOffset, StreamSession } from './change-event.ts';

/** What a source's server tells of itself, asked beside the stream. Positions as it prints them. */
export interface ServerLook {
  /** Where its log ends. */
  readonly end: string;
  /** From what has come in to that end; null: not known. */
  readonly waitingBytes: number | null;
  /** Who sends the log to us; null: nobody. */
  readonly sender: SenderLook | null;
  readonly retention: RetentionLook;
  /** How it follows another server; null: it follows none, or has all; `hidden`: not to be seen. */
  readonly replica: ReplicaLook | null | 'hidden';
  /** What the stream needs and the server has no more, in words; null: all is there. */
  readonly missing: string | null;
  /** Who may be in the way, the most likely first; empty where nobody looked closer. */
  readonly blockers: readonly Blocker[];
  /** What the account would have to be granted to see more; null: it sees all. */
  readonly grant: string | null;
}

/** A server that copies another, and does not have all of it. */
export interface ReplicaLook {
  /** How far it is behind; null: the server does not know. */
  readonly behindMs: number | null;
  /** Why nothing more will come by itself; null: it goes on. */
  readonly stopped: string | null;
}

/** What the sender does, whatever the product calls it. */
export type SenderDoes =
  /** It has no more to send. */
  | 'has_sent_all'
  /** Its last bytes do not leave: we do not read, or nobody takes them. */
  | 'waits_for_us'
  /** Other servers have to confirm first. */
  | 'waits_for_others'
  /** It reads or decodes its log. */
  | 'works';

/** The server's end of the stream. */
export interface SenderLook {
  /** `walsender 4711`, `thread 12`. */
  readonly who: string;
  /** In the server's own words. */
  readonly state: string;
  readonly does: SenderDoes;
  /** Since it last heard from us; null: in this protocol we say nothing. */
  readonly silentMs: number | null;
}

/** A session that others wait for. */
export interface Blocker {
  /** `lock`: one of our sessions waits for it; else an open transaction. */
  readonly kind: 'transaction' | 'prepared' | 'lock';
  /** `pid 4711 (shop@shop, psql, idle in transaction)`. */
  readonly who: string;
  /** How long its transaction is open; null: it is in none that the server tells of. */
  readonly ageMs: number | null;
  /** What it runs, or ran last, in full or its beginning; null: not to be seen. */
  readonly statement: string | null;
  /** What ends it. */
  readonly cure: string;
  /** The table that is waited for; null: none, or not known. */
  readonly table: string | null;
  /** Of `lock`: the statement of ours that waits. */
  readonly waiting: string | null;
}

/** What the server keeps of its log for us, and for how long. */
export interface RetentionLook {
  /** From where on it is kept; null: we have no position yet. */
  readonly floor: string | null;
  /** From there to the end; null: not known. */
  readonly heldBytes: number | null;
  /** Length of the log since some beginning: what it grows by is the rate of writing. */
  readonly endBytes: number;
  readonly size: SizeLimit | null;
  readonly age: AgeLimit | null;
  /** In the server's own words: `reserved`, `extended`, `unreserved`; null: it has none. */
  readonly state: string | null;
  /** What we need next is gone. */
  readonly isLost: boolean;
  /** An open transaction keeps more than we do: reading faster would free nothing. */
  readonly isHeldByTransaction: boolean;
}

/** A limit of what may be kept. */
export interface SizeLimit {
  /** `max_slot_wal_keep_size = 64MB`. */
  readonly setting: string;
  readonly limitBytes: number;
  /** May still be written before what we need goes. */
  readonly leftBytes: number;
}

/** A limit of how long it is kept. */
export interface AgeLimit {
  readonly setting: string;
  readonly limitMs: number;
  /** Until what we need may go. */
  readonly leftMs: number;
  /** Nobody saw when our file was closed: reckoned from what was written since. */
  readonly isEstimate: boolean;
}

/** What a look depends on. */
export interface LookRequest {
  /** Something does not move: ask who is in the way, too. */
  readonly closer: boolean;
  /** Where a restart would go on. */
  readonly stored: SourceOffset | null;
  /** Null: not connected. */
  readonly stream: StreamSession | null;
  /** Up to where the log has come in, as the source prints it; null: nothing has. */
  readonly received: string | null;
}

/** Looks at a server through a connection of its own, so that nothing waits for the stream. */
export interface ServerWatch extends AsyncDisposable {
  /** Throws TidemarkError where it cannot be asked; the next look connects anew. */
  look(request: LookRequest, signal: AbortSignal): Promise<ServerLook>;
}
