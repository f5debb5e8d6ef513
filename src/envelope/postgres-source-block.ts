import sourceDocument from '../../schemas/source-postgresql.json' with { type: 'json' };
import { floorDiv } from '../foundation/floor-division.ts';
import type { PostgresOrigin } from '../model/change-event.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import type { EnvelopeOptions } from './envelope-options.ts';

/** `io.debezium.connector.postgresql.Source`, version 1. */
export const POSTGRES_SOURCE_SCHEMA: ConnectSchema = schemaFromJson(sourceDocument);

/**
 * `source.sequence`: JSON text of two decimal strings. Ordering by them is (commit of the
 * transaction before, position of the change): `lsn` alone does not rise (PITFALLS P18).
 */
export function sourceSequence(origin: PostgresOrigin): string {
  const previous = origin.previousCommitLsn === null ? 'null' : `"${origin.previousCommitLsn}"`;
  return `[${previous},"${origin.lsn}"]`;
}

/** The source block of a change; values stand in the order of the schema's fields. */
export function postgresSource(
  origin: PostgresOrigin,
  table: TableId,
  options: EnvelopeOptions,
): Struct {
  const micros = origin.sourceMicros;
  return {
    schema: POSTGRES_SOURCE_SCHEMA,
    values: [
      options.version,
      options.connector,
      options.topicPrefix,
      floorDiv(micros, 1000n),
      options.leavesDefaults === true && origin.snapshot === 'false' ? null : origin.snapshot,
      options.database,
      sourceSequence(origin),
      micros,
      micros * 1000n,
      table.schema,
      table.table,
      origin.transactionId === null ? null : BigInt(origin.transactionId),
      hidesLsn(origin) ? null : origin.lsn,
      origin.xmin ?? null,
      origin.replicatedFrom?.name ?? null,
      origin.replicatedFrom?.lsn ?? null,
    ],
  };
}

/** Rows that an incremental snapshot read have no position of their own, as in the original. */
export function hidesLsn({ snapshot }: PostgresOrigin): boolean {
  return snapshot === 'incremental';
}
