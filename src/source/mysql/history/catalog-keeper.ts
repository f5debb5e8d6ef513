import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { SchemaMemory } from '../../../model/change-event.ts';
import type { SchemaHistoryOptions } from '../mysql-source-options.ts';
import type { BinlogPosition } from '../stream/binlog-position.ts';
import { debeziumKeys } from '../stream/binlog-offset.ts';
import type { StatementEffect } from '../stream/statement-changes.ts';
import { namesOf } from '../stream/statement-changes.ts';
import type { StatementMemories } from '../stream/stream-statements.ts';
import type { SchemaHistoryLog } from './schema-history.ts';
import { checkpointOf } from './schema-history.ts';
import type { SchemaMemories } from './schema-memory.ts';
import { readMemoryPlace } from './schema-memory.ts';

/** What the keeper of a stream's catalog is made with. */
export interface CatalogKeeperParts {
  readonly catalog: TableCatalog;
  readonly memories: SchemaMemories;
  readonly log: SchemaHistoryLog;
  readonly options: SchemaHistoryOptions;
  readonly isCaptured: (database: string, table: string) => boolean;
  readonly isDatabaseCaptured: (database: string) => boolean;
  readonly note: (text: string) => void;
  /** A statement is to be remembered. */
  readonly remembered?: () => void;
}

/** A restart replays no more statements than these. */
const CHECKPOINT_STATEMENTS = 100;

/**
 * What a restart needs of the catalog: a memory of each statement, and from time to time all of it.
 * Invariant: a checkpoint has exactly the statements up to its place, all durable.
 */
export class CatalogKeeper implements StatementMemories {
  readonly #parts: CatalogKeeperParts;
  /** The catalog already has a statement that is not remembered yet. */
  #changing = false;
  #saved: { readonly epoch: string; readonly sequence: number } | null;
  #saving: Promise<void> | null = null;

  constructor(parts: CatalogKeeperParts) {
    this.#parts = parts;
    const stored = parts.log.checkpoint();
    this.#saved = stored === null ? null : { epoch: stored.epoch, sequence: stored.sequence };
    parts.memories.base(parts.catalog);
  }

  begin(): void {
    this.#changing = true;
  }

  /** Those of other tables, and of indexes, are left out where only captured tables count. */
  tells(effect: StatementEffect): boolean {
    return this.#isWanted(effect);
  }

  of(effect: StatementEffect, position: BinlogPosition): SchemaMemory | null {
    this.#changing = false;
    if (!this.#isWanted(effect)) return null;
    const { memories, catalog, remembered } = this.#parts;
    remembered?.();
    return memories.of(effect.changes, catalog, debeziumKeys(position.offset()));
  }

  #isWanted({ changes, statement, told }: StatementEffect): boolean {
    const { options, isCaptured, isDatabaseCaptured } = this.#parts;
    if (told.length === 0) return false;
    if (options.capturedDatabasesOnly && !isDatabaseCaptured(statement.database)) return false;
    const names = changes.flatMap(namesOf);
    if (!options.capturedTablesOnly || names.length === 0) return true;
    // About a table that it does not name: an index.
    if (statement.tables?.length === 0) return false;
    return names.some(({ database, name }) => isCaptured(database, name));
  }

  /** Everything up to this place of the history is durable. */
  durable(history: string | null | undefined): void {
    if (history === null || history === undefined || this.#saving !== null) return;
    const { epoch, sequence } = readMemoryPlace(history);
    const saved = this.#saved;
    if (saved?.epoch === epoch && sequence - saved.sequence < CHECKPOINT_STATEMENTS) return;
    if (!this.#isAt(epoch, sequence)) return;
    this.#saving = this.#save(epoch, sequence).finally(() => {
      this.#saving = null;
    });
  }

  #isAt(epoch: string, sequence: number): boolean {
    const { place } = this.#parts.memories;
    return !this.#changing && place.epoch === epoch && place.sequence === sequence;
  }

  async #save(epoch: string, sequence: number): Promise<void> {
    const { log, catalog } = this.#parts;
    const place = { epoch, sequence };
    try {
      const done = await log.saveCheckpoint(() =>
        this.#isAt(epoch, sequence) ? checkpointOf(place, catalog) : null,
      );
      if (done) this.#saved = place;
    } catch (error) {
      // A restart takes longer then, and nothing else.
      this.#parts.note(`no checkpoint of the schema history: ${toTidemarkError(error).message}`);
      this.#saved = place;
    }
  }

  /** What is being saved is. */
  async settled(): Promise<void> {
    await this.#saving;
  }
}
