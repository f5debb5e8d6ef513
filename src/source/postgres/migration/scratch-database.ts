import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import {
  createDatabaseLike,
  DATABASE_FORM_QUERY,
} from '../../../../dialects/postgres/postgres-schema-copy.ts';
import type { CatalogRow } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import {
  CLEANUP_MS,
  dropLeftovers,
  noteLeft,
  SCRATCH_PREFIX,
  scratchError,
  scratchName,
} from '../../scratch-copies.ts';
import type { PostgresConnectionOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import { PostgresWire } from '../wire/postgres-wire.ts';

export const SCRATCH_SESSION = { replication: false, applicationName: 'tidemark scratch' };

/** What an empty database is made with. */
export interface ScratchRequest {
  /** Where it is made; any database there will do to connect to. */
  readonly connection: PostgresConnectionOptions;
  /** The row of `DATABASE_FORM_QUERY` of the database that it is to be like. */
  readonly form: CatalogRow;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/**
 * An empty database that is thrown away. Its maker has a session of the same name meanwhile, which
 * ends with it: so the next one knows what a killed one has left, also where the server still runs
 * a statement of that.
 */
export class ScratchDatabase implements AsyncDisposable {
  readonly name: string;
  readonly #request: ScratchRequest;
  readonly #keeper: PostgresWire;

  private constructor(name: string, keeper: PostgresWire, request: ScratchRequest) {
    this.name = name;
    this.#keeper = keeper;
    this.#request = request;
  }

  /** How sessions get into it. */
  get connection(): PostgresConnectionOptions {
    return { ...this.#request.connection, database: this.name };
  }

  /** @throws MIGRATION_SCRATCH, and PG_* when the server cannot be reached */
  static async create(request: ScratchRequest): Promise<ScratchDatabase> {
    const { connection, clock, signal, form, note } = request;
    const name = scratchName();
    const session = { replication: false, applicationName: name };
    const keeper = await PostgresWire.connect(connection, session, signal, clock);
    try {
      await removeLeftovers(keeper, note);
      const scratch = new ScratchDatabase(name, keeper, request);
      try {
        await keeper.query(createDatabaseLike(name, form), signal);
        return scratch;
      } catch (error) {
        // It may have been made all the same, when we were told to stop.
        await scratch[Symbol.asyncDispose]();
        signal.throwIfAborted();
        throw scratchError(error, { PG_PERMISSION: CURE, PG_UNSUPPORTED_SERVER: CURE });
      }
    } catch (error) {
      await keeper.close();
      throw error;
    }
  }

  /** Also when all else was told to stop, and when the connection is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const sql = dropStatement(this.name);
    const { connection, clock, note } = this.#request;
    try {
      if (this.#keeper.isOpen) {
        await this.#keeper.query(sql);
      } else {
        const within = AbortSignal.timeout(CLEANUP_MS);
        await using wire = await PostgresWire.connect(connection, SCRATCH_SESSION, within, clock);
        await wire.query(sql, within);
      }
    } catch (error) {
      noteLeft(this.name, error, note);
    } finally {
      await this.#keeper.close();
    }
  }
}

/** What makers left that are gone. */
async function removeLeftovers(keeper: Querier, note: (text: string) => void): Promise<void> {
  const rows = await catalogRows(
    keeper,
    `SELECT d.datname AS name FROM pg_catalog.pg_database d
      WHERE d.datname LIKE ${quoteLiteral(`${SCRATCH_PREFIX.replaceAll('_', String.raw`\_`)}%`)}
      AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
        WHERE a.application_name = d.datname)`,
  );
  const names = rows.flatMap((row) => row['name'] ?? []);
  await dropLeftovers(names, (name) => keeper.query(dropStatement(name)), note);
}

function dropStatement(name: string): string {
  return `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
}

const CURE =
  'Give the role the right (ALTER ROLE … CREATEDB), or name another server or role with ' +
  '--scratch postgres://user@host/database.';

/** The form of the database that a session is in. */
export async function readDatabaseForm(querier: Querier, signal: AbortSignal): Promise<CatalogRow> {
  const [row = {}] = await catalogRows(querier, DATABASE_FORM_QUERY, signal);
  return row;
}
