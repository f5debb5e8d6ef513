import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { must } from '../../../foundation/assert.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type {
  ChangeReceiver,
  SnapshotProgress,
  SourceOffset,
} from '../../../model/change-event.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import { InitialNotices } from '../../snapshot/initial-notices.ts';
import type { SchemaMemories } from '../history/schema-memory.ts';
import { memoryText } from '../history/schema-memory.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { BinlogOffset, BinlogPlace } from '../stream/binlog-offset.ts';
import { debeziumKeys, toSourceOffset } from '../stream/binlog-offset.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';
import { runMysqlSnapshot } from './mysql-snapshot.ts';
import type { MysqlSnapshotLedger } from './mysql-snapshot-ledger.ts';

/** What a first snapshot is made with. */
export interface MysqlFirstSnapshotParts {
  readonly options: MysqlSourceOptions;
  readonly clock: Clock;
  /** The schema history, which begins with this snapshot. */
  readonly memories: SchemaMemories;
  readonly connect: (signal: AbortSignal) => Promise<MysqlSession>;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly notify: (notification: SourceNotification) => void;
}

/** What the stream begins with. */
export interface FirstSnapshotResult {
  readonly resume: BinlogOffset;
  /** The tables as they were at that place. */
  readonly catalog: TableCatalog;
  /** False: the offset says what is still to be read, beside the stream. */
  readonly complete: boolean;
}

/** A first snapshot as the reader sees it: where it stands, and where the stream goes on from. */
export class MysqlFirstSnapshot {
  readonly #parts: MysqlFirstSnapshotParts;
  #progress: readonly SnapshotProgress[] = [];
  #offset: BinlogOffset | undefined;
  #ledger: MysqlSnapshotLedger | undefined;
  /** Null as long as a restart would not find all tables in it: then the attempt begins anew. */
  #history: string | null = null;

  constructor(parts: MysqlFirstSnapshotParts) {
    this.#parts = parts;
  }

  get progress(): readonly SnapshotProgress[] {
    return this.#progress;
  }

  /** Of what has been handed over so far. */
  offset(): SourceOffset {
    const offset = must(this.#offset, 'no offset yet');
    const state = this.#ledger?.text ?? null;
    const history = this.#history;
    const { topicPrefix } = this.#parts.options;
    return toSourceOffset(topicPrefix, { ...offset, history, snapshotState: state });
  }

  /** `unfinished`: of an attempt that is begun anew; on the server it has left nothing behind. */
  async run(
    receiver: ChangeReceiver,
    _unfinished: BinlogOffset | null,
    signal: AbortSignal,
  ): Promise<FirstSnapshotResult> {
    const { options, clock, connect, note } = this.#parts;
    const notices = new InitialNotices((notice) => {
      this.#parts.notify(notice);
    });
    const { catalog, complete } = await runMysqlSnapshot({
      options,
      receiver,
      signal,
      clock,
      connect,
      reading: (facts, place, ledger) => {
        this.#ledger = ledger;
        this.#offset = this.#offsetAt(facts, place, 'running');
        this.#history = null;
        this.#parts.memories.restart();
        if (ledger.text !== null) notices.started();
        return this.offset();
      },
      completed: (facts, place) => {
        this.#ledger = undefined;
        this.#offset = this.#offsetAt(facts, place, 'completed');
        notices.completed();
        return this.offset();
      },
      remember: (changes, told) => {
        const { memories } = this.#parts;
        return memories.of(changes, told, debeziumKeys(must(this.#offset, 'no intent')));
      },
      remembered: () => {
        this.#history = memoryText(this.#parts.memories.place);
      },
      onProgress: (progress) => {
        this.#progress = progress;
        notices.progressed(progress);
      },
      onNote: note,
    });
    const snapshotState = this.#ledger?.text ?? null;
    if (!complete) {
      receiver.snapshotReleased?.();
      // Of the others those tell that read the rest.
      this.#progress = this.#progress.filter(({ completed }) => completed);
    }
    const offset = must(this.#offset, 'a snapshot without an end');
    const history = this.#history;
    // With the rest beside it the stream begins all the same.
    const resume = { ...offset, snapshot: 'completed', history, snapshotState } as const;
    return { resume, catalog, complete };
  }

  #offsetAt(
    facts: MysqlServerFacts,
    place: BinlogPlace,
    snapshot: BinlogOffset['snapshot'],
  ): BinlogOffset {
    return {
      serverUuid: facts.serverUuid,
      serverId: facts.serverId,
      fingerprint: '',
      done: place,
      held: null,
      open: null,
      eventsDone: 0,
      rowsDone: 0,
      seconds: Math.floor(this.#parts.clock.nowMs() / 1000),
      snapshot,
      sentBefore: null,
    };
  }
}
