import type { CatalogSnapshot } from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import {
  restoreCatalog,
  snapshotCatalog,
} from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { LowerCaseTableNames } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { SchemaMemory } from '../../../model/change-event.ts';
import type { MemoryPlace } from './schema-memory.ts';
import { applyMemory, standsOnCheckpoint } from './schema-memory.ts';
import type { ToldRecord } from './told-history.ts';

/** The catalog as it was at a place, so that only what came later has to be read. */
export interface HistoryCheckpoint extends MemoryPlace {
  /** Where in the history's topic later statements begin. */
  readonly from: number;
  readonly catalog: CatalogSnapshot;
}

/** Where statements are remembered. Records get there with the rows, by the receiver. */
export interface SchemaHistoryLog {
  checkpoint(): HistoryCheckpoint | null;
  /**
   * Durable when it resolves. `make` is asked after the end of the topic is known, and gives what
   * all statements up to there have led to; null: some are on their way, and nothing is stored.
   */
  saveCheckpoint(make: () => Omit<HistoryCheckpoint, 'from'> | null): Promise<boolean>;
  /** What was told of an epoch, from a place of the topic on, in its order. */
  memories(epoch: string, from: number, signal: AbortSignal): AsyncIterable<SchemaMemory>;
  /** All that was told of the source, by us and by Debezium, in the order of the topic. */
  told(signal: AbortSignal): AsyncIterable<ToldRecord>;
}

/** A catalog that was found again. */
export interface RecoveredCatalog {
  readonly catalog: TableCatalog;
  /** Statements that were read for it: many are a reason for a checkpoint. */
  readonly replayed: number;
}

/**
 * The catalog at a place of the history; null: it is lost. After a crash the topic may have more
 * than the offset knows of, and the same again after that: each is taken by its number.
 */
export async function recoverCatalog(
  log: SchemaHistoryLog,
  place: MemoryPlace,
  lowerCaseTableNames: LowerCaseTableNames,
  signal: AbortSignal,
): Promise<RecoveredCatalog | null> {
  const checkpoint = log.checkpoint();
  const isUsable =
    checkpoint !== null &&
    checkpoint.epoch === place.epoch &&
    checkpoint.sequence <= place.sequence;
  const restored = isUsable ? restoreCatalog(checkpoint.catalog) : null;
  if (restored === null && standsOnCheckpoint(place)) return null;
  const from = restored === null ? 0 : (checkpoint?.from ?? 0);
  const first = restored === null ? 0 : (checkpoint?.sequence ?? 0);
  const catalog = restored ?? new TableCatalog(lowerCaseTableNames);
  if (first === place.sequence && restored !== null) return { catalog, replayed: 0 };
  let seen = first;
  let replayed = 0;
  for await (const memory of log.memories(place.epoch, from, signal)) {
    if (memory.sequence <= first || memory.sequence > place.sequence) continue;
    // One that is missing was lost: what comes after it stands on nothing.
    if (memory.sequence > seen + 1) return null;
    applyMemory(catalog, memory);
    seen = Math.max(seen, memory.sequence);
    replayed++;
  }
  return seen === place.sequence ? { catalog, replayed } : null;
}

/** The catalog as it is now, at this place. */
export function checkpointOf(
  place: MemoryPlace,
  catalog: TableCatalog,
): Omit<HistoryCheckpoint, 'from'> {
  return { ...place, catalog: snapshotCatalog(catalog) };
}
