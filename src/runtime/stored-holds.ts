import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SourcePlaces } from '../model/source-places.ts';
import type { Transport } from '../transport/transport.ts';
import { GateStates, type HoldAnswer } from './gate-states.ts';
import { type GateOffset, gateOffset } from './gate-offset.ts';
import {
  type HoldPlace,
  holdView,
  type HoldView,
  unknownHold,
  unrejectable,
} from './gate-views.ts';
import { openForMoving, openForReading } from './open-transport.ts';
import { placesOf } from './source-places.ts';
import { loadSourceOffset } from './source-offset.ts';

/** Tables of a pipeline that waited when its daemon stopped. Throws STORE_*, KAFKA_*. */
export async function storedHolds(
  config: PipelineConfig,
  clock: Clock,
): Promise<readonly HoldView[]> {
  await using transport = await openForReading({ config }, clock);
  return (await holdsIn(config, transport)).views;
}

/**
 * Says what becomes of a table that waits, while no daemon runs; the next start does it. Throws
 * HOLD_UNKNOWN, STORE_LOCKED.
 */
export async function answerStored(
  config: PipelineConfig,
  what: string,
  answer: HoldAnswer,
  clock: Clock,
): Promise<HoldView> {
  await using transport = await openForMoving(config, clock, false);
  const { views, states } = await holdsIn(config, transport);
  const found = views.find(({ id, table }) => id === what || table === what);
  if (found === undefined || found.id === null) throw unknownHold(what);
  if (answer === 'reject' && found.unrejectable !== null) throw unrejectable(found);
  await states.answer(found.table, answer);
  return found;
}

async function holdsIn(
  config: PipelineConfig,
  transport: Transport,
): Promise<{ readonly views: readonly HoldView[]; readonly states: GateStates }> {
  const { source, name, schemaChanges } = config;
  if (!source.options.has('topic.prefix')) {
    throw new TidemarkError('HOLD_UNKNOWN', 'a source of files has no tables');
  }
  const family = sourceFamily(source.connectorClass) ?? 'postgres';
  const partition = { server: source.options.string('topic.prefix') };
  const { offset } = await loadSourceOffset(transport, name, partition);
  const stored = gateOffset(offset);
  const states = new GateStates(transport.documents, name);
  states.read(stored?.n ?? 0);
  const views = [...states.entries()].flatMap(([table, gate]) => {
    const place = storedPlace(table, stored, partition, placesOf(family));
    return holdView(table, gate, place, schemaChanges) ?? [];
  });
  return { views, states };
}

/** Of the server's log it is known how far the others were, not where it ends by now. */
function storedPlace(
  table: string,
  stored: GateOffset | null,
  partition: SourceOffset['partition'],
  places: SourcePlaces,
): HoldPlace {
  const { waiting = {}, source } = stored ?? {};
  const [, bytes = 0, topic = ''] = waiting[table] ?? [];
  const from = source?.tables[table];
  if (source === undefined || from === undefined) {
    return { buffer: waiting[table] === undefined ? null : 'spool', bytes, topic };
  }
  const end = places.placeOf({ partition, offset: source.ahead });
  const kept = places.bytesBetween({ partition, offset: from }, end) ?? 0;
  return { buffer: 'source', bytes: kept, topic };
}
