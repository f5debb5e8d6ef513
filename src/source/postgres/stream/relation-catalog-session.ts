import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { TableInfo, TypeInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  parseTables,
  parseTypes,
  tablesByOidQuery,
  text,
  TYPES_QUERY,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import { must } from '../../../foundation/assert.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { parseLsn } from '../../../model/lsn.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { schemaContext } from '../capture/capture-preparation.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import { ColumnTypeCatalog } from '../capture/column-type-catalog.ts';
import type { RelationMessage } from '../pgoutput/pgoutput-message.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { SnapshotVisibility } from '../incremental/snapshot-visibility.ts';
import { snapshotWith } from './commit-visibility.ts';
import type { RelationCatalog } from './relation-cache.ts';
import type { SchemaContext } from '../capture/table-schema-builder.ts';

/** Object ids below belong to the server itself and never change their meaning (P83). */
const FIRST_USER_OID = 16_384;

/** A standby writes no WAL. */
const END_QUERY = `
  SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
               ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text AS lsn`;

/** Asks the catalog over a connection beside the stream. */
export class CatalogSession implements RelationCatalog {
  readonly context: SchemaContext;
  readonly #types: ColumnTypeCatalog;
  readonly #querier: Querier;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;

  /** `types` as just read, so that they are not read twice. The signal ends waits. */
  constructor(
    options: PostgresSourceOptions,
    types: readonly TypeInfo[],
    querier: Querier,
    { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ) {
    this.#clock = clock;
    this.#signal = signal;
    this.#types = new ColumnTypeCatalog(types, options.valueModes);
    this.#querier = querier;
    this.context = schemaContext(options.connection.database, this.#types, options);
  }

  async table(oid: number): Promise<TableInfo | null> {
    return parseTables(await catalogRows(this.#querier, tablesByOidQuery([oid])))[0] ?? null;
  }

  async loadTypes(oids: readonly number[]): Promise<void> {
    // A user's enum may have new labels, a domain another base: read again what may have changed.
    if (oids.every((oid) => oid < FIRST_USER_OID && this.#types.get(oid) !== undefined)) return;
    this.#types.add(parseTypes(await catalogRows(this.#querier, TYPES_QUERY)));
  }

  async end(): Promise<Lsn> {
    const [row] = await catalogRows(this.#querier, END_QUERY);
    return parseLsn(text(must(row, 'a row of one expression'), 'lsn'));
  }

  async seen(transactionId: number | null): Promise<SnapshotVisibility> {
    const awaited = new Set(transactionId === null ? [] : [transactionId]);
    return (await snapshotWith(this.#querier, awaited, this.#clock, this.#signal)).visibility;
  }

  async typeTexts(relation: RelationMessage): Promise<ReadonlyMap<string, string>> {
    const values = relation.columns.map(
      ({ name, typeOid, typeModifier }) => `(${quoteLiteral(name)}, ${typeOid}, ${typeModifier})`,
    );
    if (values.length === 0) return new Map();
    const rows = await catalogRows(
      this.#querier,
      `SELECT c.name, pg_catalog.format_type(c.oid, c.typmod) AS type
         FROM (VALUES ${values.join(', ')}) AS c(name, oid, typmod)`,
    );
    return new Map(rows.map((row) => [text(row, 'name'), text(row, 'type')]));
  }
}
