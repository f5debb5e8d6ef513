import type { ConnectorConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { noFaults } from '../foundation/fault-points.ts';
import type { ParkedKey } from '../model/sink-record.ts';
import type { LetterReplay } from '../sink/letter-replay.ts';
import { ParkedReplay } from '../sink/sql/parked-replay.ts';
import { searchSinkSettings } from './search-sink-options.ts';
import { sinkOptionsOf } from './sink-options.ts';

/** What looks at a target beside its daemon. */
interface Beside {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Keys of a sink that wait in its target, which is only looked at. */
export async function waitingKeys(
  sink: ConnectorConfig,
  beside: Beside,
): Promise<readonly ParkedKey[]> {
  if (searchSinkSettings(sink) === null) {
    return ParkedReplay.waiting(sinkOptionsOf(sink), beside.signal);
  }
  await using replay = await openLetterReplay(sink, beside);
  return await replay.list();
}

/** What applies the dead letters of a sink to its target. Throws what connecting throws. */
export async function openLetterReplay(
  sink: ConnectorConfig,
  { clock, signal }: Beside,
): Promise<LetterReplay> {
  const search = searchSinkSettings(sink);
  const quiet = (): void => undefined;
  if (search === null) return ParkedReplay.open(sinkOptionsOf(sink), quiet, signal);
  const [{ openSearchClient }, { SearchParkedReplay }] = await Promise.all([
    import('../sink/search/open-search-client.ts'),
    import('../sink/search/search-parked-replay.ts'),
  ]);
  const surroundings = {
    open: (asked: AbortSignal) => openSearchClient(search.connection, asked),
    clock,
    warn: quiet,
    tell: quiet,
    fault: noFaults,
    // A mapping that does not fit is for the daemon to mend.
    reread: null,
  };
  return SearchParkedReplay.open(search.options, surroundings, signal);
}
