import type { CharacterSet } from './character-sets.ts';
import type { DdlDialect } from './ddl-dialect.ts';

/** Under what a statement ran: its event's status variables, else the server's settings. */
export interface StatementContext {
  readonly dialect: DdlDialect;
  /** The schema of the event; empty: none was in use. */
  readonly database: string;
  /** `character_set_server` and its collation, for databases that say nothing (PITFALLS B104). */
  readonly serverCharset: CharacterSet;
  /**
   * Default collations that are not the server's own: `utf8mb4` → `utf8mb4_general_ci`. From
   * MySQL's Q_DEFAULT_COLLATION_FOR_UTF8MB4, and MariaDB's status variable 131 (11.3 and later).
   */
  readonly defaultCollations: Readonly<Record<string, string>>;
  /** Off: TIMESTAMP is NOT NULL and has defaults of its own (PITFALLS B103). */
  readonly explicitDefaultsForTimestamp: boolean;
}

/** What a table's columns take over from it. */
export interface TableContext extends StatementContext {
  readonly tableCharset: CharacterSet;
}
