import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { ChosenPosition } from '../source/mysql/capture/chosen-position.ts';
import { movedOffset } from '../source/mysql/capture/moved-offset.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import { openForMoving } from './open-transport.ts';
import { requireDatabase } from './source-partition.ts';
import { loadSourceOffset, resetEntries, toConnectEntries, withState } from './source-offset.ts';
import { nextEpochState } from './source-positions.ts';
import { SourceSchemaHistory } from './source-schema-history.ts';

/** Where to: a place, or (`reset`) the beginning, as that of a new pipeline. */
export type SourceGoal = ChosenPosition | { readonly kind: 'reset' };

/** What was stored of a source, and what is. */
export interface SourceMove {
  readonly before: SourceOffset['offset'] | null;
  readonly after: SourceOffset['offset'] | null;
  /** What people should know of it. */
  readonly notes: readonly string[];
}

/**
 * Moves a source of binlogs that is stopped. Throws USAGE, MYSQL_* where the server cannot go on
 * from there, MYSQL_HISTORY_LOST where the shapes of its tables are not known.
 */
export async function moveSource(
  config: PipelineConfig,
  { goal, dryRun }: { readonly goal: SourceGoal; readonly dryRun: boolean },
  clock: Clock,
  signal: AbortSignal,
): Promise<SourceMove> {
  const { name, source } = config;
  requireDatabase(source, 'offsets set-source');
  if (sourceFamily(source.connectorClass) === 'postgres') {
    throw new TidemarkError('CONFIG_UNSUPPORTED', 'where a slot stands its server decides', {
      cure: 'Use offset.mismatch.strategy; a new slot.name begins anew.',
    });
  }
  const options = mysqlSourceOptionsOf(source);
  const {
    topicPrefix,
    history: { topic },
  } = options;
  await using transport = await openForMoving(config, clock, dryRun);
  const partition = { server: topicPrefix };
  const { offset: found, epoch } = await loadSourceOffset(transport, name, partition);
  const history = new SourceSchemaHistory({ transport, name, topic, topicPrefix, clock });
  const mayRun = config.transportType === 'kafka';
  const request = { options, pipeline: name, found, history, mayRun };
  const moved =
    goal.kind === 'reset'
      ? { offset: null, notes: RESET_NOTES }
      : await movedOffset({ ...request, chosen: goal }, signal, clock);
  const before = found?.offset ?? null;
  const after = moved.offset?.offset ?? null;
  if (!dryRun && (found !== null || moved.offset !== null)) {
    // Of ours only the epoch is left: all else would be about another place.
    const next = nextEpochState(epoch);
    await transport.storeOffset(
      moved.offset === null
        ? resetEntries(name, partition, next)
        : toConnectEntries(name, withState(moved.offset, next)),
    );
  }
  return { before, after, notes: moved.notes };
}

const RESET_NOTES = ['The next start is that of a new pipeline: snapshot.mode says what is read.'];
