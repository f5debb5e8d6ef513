import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { PostgresConnectionOptions } from '../source/postgres/postgres-source-options.ts';
import { untilVisible } from '../source/postgres/stream/commit-visibility.ts';
import { catalogRows } from '../source/postgres/wire/catalog-session.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import type {
  Hypertable,
  HypertableCatalog,
  Hypertables,
} from '../transform/hypertable-catalog.ts';
import { chunkKey } from '../transform/hypertable-catalog.ts';

const QUERY = `SELECT c.schema_name, c.table_name, h.schema_name AS hypertable_schema,
  h.table_name AS hypertable, a.user_view_schema AS aggregate_schema,
  a.user_view_name AS aggregate
FROM _timescaledb_catalog.chunk c
JOIN _timescaledb_catalog.hypertable h ON h.id = c.hypertable_id
LEFT JOIN _timescaledb_catalog.continuous_agg a ON a.mat_hypertable_id = h.id`;

/** The catalog of TimescaleDB in the source's database; a connection for each of the few looks. */
export class HypertableReader implements HypertableCatalog {
  readonly #connection: () => PostgresConnectionOptions;
  readonly #clock: Clock;

  constructor(connection: () => PostgresConnectionOptions, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async load(transactionId: number | null, signal: AbortSignal): Promise<Hypertables> {
    const session = { replication: false, applicationName: 'tidemark hypertables' };
    const options = this.#connection();
    await using wire = await PostgresWire.connect(options, session, signal, this.#clock);
    const ids = new Set(transactionId === null ? [] : [transactionId]);
    await untilVisible(wire, ids, this.#clock, signal);
    const rows = await catalogRows(wire, QUERY, signal).catch((thrown: unknown) => {
      throw withoutTimescale(thrown);
    });
    return new Map(
      rows.map((row) => {
        const text = (name: string): string => row[name] ?? '';
        const chunk = { schema: text('schema_name'), table: text('table_name') };
        const found: Hypertable = {
          hypertable: { schema: text('hypertable_schema'), table: text('hypertable') },
          aggregate:
            row['aggregate'] === null
              ? null
              : { schema: text('aggregate_schema'), table: text('aggregate') },
        };
        return [chunkKey(chunk), found] as const;
      }),
    );
  }
}

/** No such schema or table, or no right to it. */
const UNREADABLE = /SQLSTATE (?:42P01|3F000|42501)/;

/** A connection that broke may be tried again; a catalog that cannot be read stays so. */
function withoutTimescale(thrown: unknown): TidemarkError {
  const error = toTidemarkError(thrown);
  if (!UNREADABLE.test(error.message)) return error;
  const message = `TimescaleDb: the catalog of hypertables cannot be read: ${error.message}`;
  return new TidemarkError('TRANSFORM', message, {
    cause: error,
    cure:
      'CREATE EXTENSION timescaledb in the database of the source, or GRANT USAGE ON SCHEMA ' +
      '_timescaledb_catalog and SELECT on its tables to the role, or remove the transform.',
  });
}
