import type { Clock } from '../../../foundation/clock.ts';
import { problemText } from '../incremental/signal-table.ts';
import { SignalTableWatch } from '../incremental/signal-table-watch.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { SideConnection } from '../wire/wire-side-connection.ts';
import type { PostgresStream } from './postgres-stream.ts';
import { beatUntilAborted } from './replication-heartbeat.ts';

const WAL_END_INTERVAL_MS = 1000;

/** What goes on beside a stream, through a connection of its own. */
export interface ReaderBeatParts {
  readonly options: PostgresSourceOptions;
  readonly connection: SideConnection;
  readonly stream: Pick<PostgresStream, 'noteServerEnd'>;
  readonly clock: Clock;
  /** Once a second. */
  look(querier: Querier): Promise<void>;
  note(text: string): void;
  warn(text: string): void;
}

/** Beats, tells the stream where the server's WAL ends, and looks at what it does not tell. */
export function beatBesideStream(parts: ReaderBeatParts, signal: AbortSignal): Promise<void> {
  const { options, connection, stream, clock } = parts;
  const { heartbeatIntervalMs, heartbeatActionQuery, snapshots, publicationName } = options;
  const signalTable = new SignalTableWatch(snapshots, publicationName, clock);
  return beatUntilAborted(
    connection,
    { heartbeatIntervalMs, heartbeatActionQuery, walEndIntervalMs: WAL_END_INTERVAL_MS },
    {
      clock,
      walEnd: (lsn) => {
        stream.noteServerEnd(lsn);
      },
      note: (text) => parts.note(text),
      look: async (querier) => {
        await parts.look(querier);
        const silent = await signalTable.look(querier);
        if (silent !== null) parts.warn(problemText(silent));
      },
    },
    signal,
  );
}
