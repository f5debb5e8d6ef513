import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { noFaults } from '../foundation/fault-points.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { shapeOf } from '../sink/record-change.ts';
import { IndexNaming } from '../sink/search/index-naming.ts';
import { NestRoles } from '../sink/search/nest-roles.ts';
import { openSearchClient } from '../sink/search/open-search-client.ts';
import { SearchIndexes, type WantedIndex } from '../sink/search/search-indexes.ts';
import type { PlannedSink, PlannedSinkTable } from './planned-sink.ts';
import type { SearchSinkSettings } from './search-sink-options.ts';

const QUIET = {
  tell: () => undefined,
  warn: () => undefined,
  fault: noFaults,
  // It is not asked: `plan` changes nothing.
  reread: () => Promise.resolve({ kind: 'waiting' } as const),
};

/** Asks the servers which indices they have, and what the sink would make; changes nothing. */
export async function planSearchSink(
  name: string,
  { options, connection }: SearchSinkSettings,
  records: readonly SinkRecord[],
  signal: AbortSignal,
): Promise<PlannedSink> {
  const naming = new IndexNaming(options);
  const roles = new NestRoles(options, naming);
  const wanted = records.flatMap((record): WantedIndex[] => {
    const shape = record.value === null ? null : shapeOf(record.value.schema);
    if (shape === null || shape.kind === 'other') return [];
    const { topic } = record;
    const nested = roles.rowsOf(topic, shape.row);
    if (nested.length > 0) return nested.map((each) => ({ topic, ...each }));
    const index = naming.of(record);
    return index === null ? [] : [{ index, topic, row: shape.row }];
  });
  try {
    await using client = await openSearchClient(connection, signal);
    const indexes = new SearchIndexes(client, options, QUIET);
    const tables: PlannedSinkTable[] = [];
    for (const one of wanted) tables.push(await planned(indexes, one, options.policy, signal));
    return { name, unseen: null, tables };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const unseen = toTidemarkError(thrown, 'SINK_SERVER').message;
    const tables = wanted.map(({ topic, index }) => shown(topic, index, null, null));
    return { name, unseen, tables };
  }
}

async function planned(
  indexes: SearchIndexes,
  wanted: WantedIndex,
  policy: SearchSinkSettings['options']['policy'],
  signal: AbortSignal,
): Promise<PlannedSinkTable> {
  const { topic, index } = wanted;
  try {
    const { exists, request, effect } = await indexes.plan(wanted, signal);
    return shown(topic, index, exists, request, effect);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'SINK_SCHEMA') throw error;
    const fate = policy === 'alert' ? 'parked' : 'held';
    const { message, cure } = error;
    return { ...shown(topic, index, true, null), refusal: { message, cure, fate } };
  }
}

function shown(
  topic: string,
  table: string,
  exists: boolean | null,
  request: string | null,
  effect: string | null = null,
): PlannedSinkTable {
  const statements = request === null ? [] : [request];
  const effects = statements.map(() => effect);
  return { topic, table, exists, statements, effects, refusal: null };
}
