import { randomUUID } from 'node:crypto';
import type { SparseTable } from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import { sparseTable, wholeTable } from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import type {
  CatalogChange,
  DatabaseDefinition,
  QualifiedName,
  TableCatalog,
} from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { SchemaMemory } from '../../../model/change-event.ts';

/** Up to which statement a catalog, or an offset, goes. */
export interface MemoryPlace {
  readonly epoch: string;
  readonly sequence: number;
}

/** What a statement left behind: whole definitions, so that nobody has to parse it again. */
export interface CatalogDelta {
  readonly tables: readonly SparseTable[];
  readonly removed: readonly QualifiedName[];
  /** All of them, where one came, went or changed; absent: none did. */
  readonly databases?: readonly DatabaseDefinition[];
}

/**
 * Counts the statements that changed the catalog, and makes what is remembered of each. The place
 * of the last one goes into the offset together with the position behind it, never before.
 */
export class SchemaMemories {
  #epoch: string;
  #sequence: number;
  #databases: readonly DatabaseDefinition[] = [];

  constructor(place: MemoryPlace | null) {
    this.#epoch = place?.epoch ?? randomUUID();
    this.#sequence = place?.sequence ?? 0;
  }

  /** Of the last one. */
  get place(): MemoryPlace {
    return { epoch: this.#epoch, sequence: this.#sequence };
  }

  /** Of nothing: what was remembered so far belongs to an attempt that is given up. */
  restart(): void {
    this.#epoch = randomUUID();
    this.#sequence = 0;
  }

  /** What stands in the catalog now is the base: databases are compared with it. */
  base(catalog: TableCatalog): void {
    this.#databases = [...catalog.databases()];
  }

  /** What is to be remembered of a statement after which the catalog is as it is. */
  of(
    changes: readonly CatalogChange[],
    catalog: TableCatalog,
    position: SchemaMemory['position'],
  ): SchemaMemory {
    const databases = [...catalog.databases()];
    const isSame =
      databases.length === this.#databases.length &&
      databases.every((database, index) => database === this.#databases[index]);
    this.#databases = databases;
    const delta: CatalogDelta = {
      ...deltaOf(changes, catalog),
      ...(isSame ? {} : { databases }),
    };
    this.#sequence++;
    return { ...this.place, state: JSON.stringify(delta), position };
  }
}

/** Every name that a change touched is as the catalog has it now, or gone. */
function deltaOf(
  changes: readonly CatalogChange[],
  catalog: TableCatalog,
): Pick<CatalogDelta, 'tables' | 'removed'> {
  const names = new Map<string, QualifiedName>();
  for (const name of changes.flatMap(touched)) {
    names.set(`${name.database}\0${name.name}`, { database: name.database, name: name.name });
  }
  const tables: SparseTable[] = [];
  const removed: QualifiedName[] = [];
  for (const name of names.values()) {
    const table = catalog.table(name.database, name.name);
    if (table === undefined) removed.push(name);
    else tables.push(sparseTable(table));
  }
  return { tables, removed };
}

function touched(change: CatalogChange): readonly QualifiedName[] {
  switch (change.kind) {
    case 'created':
      return [change.table];
    case 'altered':
    case 'renamed':
    case 'indexed':
      return [change.before, change.after];
    case 'dropped':
      return [change.name];
    case 'uncertain':
      return change.tables;
    default:
      return [];
  }
}

/** Does to the catalog what the statement did. */
export function applyMemory(catalog: TableCatalog, { state }: Pick<SchemaMemory, 'state'>): void {
  const { tables, removed, databases } = JSON.parse(state) as CatalogDelta;
  for (const name of removed) catalog.removeTable(name);
  for (const table of tables) catalog.putTable(wholeTable(table));
  if (databases === undefined) return;
  for (const { name } of catalog.databases()) catalog.removeDatabase(name);
  for (const database of databases) catalog.putDatabase(database);
}

const ON_CHECKPOINT = 'checkpoint-';

/** The beginning of an epoch whose statements stand on a checkpoint, not on those before them. */
export function placeOnCheckpoint(): MemoryPlace {
  return { epoch: `${ON_CHECKPOINT}${randomUUID()}`, sequence: 0 };
}

/** Whether the statements of this epoch alone do not lead to the catalog. */
export function standsOnCheckpoint({ epoch }: MemoryPlace): boolean {
  return epoch.startsWith(ON_CHECKPOINT);
}

/** As the offset has it: `epoch:sequence`. */
export function memoryText({ epoch, sequence }: MemoryPlace): string {
  return `${epoch}:${sequence}`;
}

/** Reads what `memoryText` wrote. */
export function readMemoryPlace(text: string): MemoryPlace {
  const match = /^([^:]+):(\d{1,15})$/.exec(text);
  if (match === null) throw new TidemarkError('MYSQL_POSITION', `the stored history is ${text}`);
  return { epoch: match[1] as string, sequence: Number(match[2]) };
}
