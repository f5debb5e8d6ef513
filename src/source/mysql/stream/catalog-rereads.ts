import type { QualifiedName, TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { compareFiles } from './binlog-position.ts';

/** The server's catalog as it is now. */
export interface LiveCatalog {
  /** All tables that may be captured. */
  names(): Promise<readonly QualifiedName[]>;
  /** Null: there is none of this name any more. */
  definition(name: QualifiedName): Promise<TableDefinition | null>;
  /** The end of the binlog. */
  end(): Promise<{ readonly file: string; readonly pos: number }>;
}

/**
 * Reads definitions from the server where the binlog does not tell them: after a statement that is
 * not understood, and for tables that are not known. The server is ahead of the stream. So what was
 * read counts as that of the place where the binlog ended afterwards; a statement about the table
 * that stands before it is already in the definition, or is not: it is read again.
 */
export class CatalogRereads {
  readonly #live: LiveCatalog;
  readonly #catalog: TableCatalog;
  readonly #ahead = new Map<string, { readonly file: string; readonly pos: number }>();

  constructor(live: LiveCatalog, catalog: TableCatalog) {
    this.#live = live;
    this.#catalog = catalog;
  }

  /** Null: all tables. */
  async read(names: readonly QualifiedName[] | null): Promise<void> {
    const wanted = names ?? (await this.#live.names());
    const found = new Map<QualifiedName, TableDefinition | null>();
    for (const name of wanted) found.set(name, await this.#live.definition(name));
    const end = await this.#live.end();
    for (const [name, definition] of found) {
      if (definition === null) this.#catalog.removeTable(name);
      else this.#catalog.putTable(definition);
      this.#ahead.set(keyOf(name), end);
    }
  }

  /** Those of the tables whose definition may be of a later place than this one. */
  ahead(names: readonly QualifiedName[], file: string, pos: number): readonly QualifiedName[] {
    if (this.#ahead.size === 0) return [];
    return names.filter((name) => {
      const end = this.#ahead.get(keyOf(name));
      if (end === undefined) return false;
      if (compareFiles(file, pos, end.file, end.pos) < 0) return true;
      this.#ahead.delete(keyOf(name));
      return false;
    });
  }
}

function keyOf({ database, name }: QualifiedName): string {
  return `${database}\0${name}`;
}
