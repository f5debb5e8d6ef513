import sourceDocument from '../../schemas/source-postgresql.json' with { type: 'json' };
import transactionDocument from '../../schemas/transaction-block.json' with { type: 'json' };
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { ChangeOrigin } from '../model/change-event.ts';
import type { TableId } from '../model/table-schema.ts';
import type { EnvelopeOptions } from './envelope-options.ts';

/** `io.debezium.connector.postgresql.Source`, version 1. */
export const SOURCE_SCHEMA: ConnectSchema = schemaFromJson(sourceDocument);

/** `event.block`: null unless transaction metadata is on. */
export const TRANSACTION_SCHEMA: ConnectSchema = schemaFromJson(transactionDocument);

/**
 * `source.sequence`: JSON text of two decimal strings. Ordering by them is (commit of the
 * transaction before, position of the change): `lsn` alone does not rise (PITFALLS P18).
 */
export function sourceSequence(origin: ChangeOrigin): string {
  const previous = origin.previousCommitLsn === null ? 'null' : `"${origin.previousCommitLsn}"`;
  return `[${previous},"${origin.lsn}"]`;
}

/** The source block of a change; values stand in the order of SOURCE_SCHEMA's fields. */
export function sourceStruct(
  origin: ChangeOrigin,
  table: TableId,
  options: EnvelopeOptions,
): Struct {
  const micros = origin.sourceMicros;
  return {
    schema: SOURCE_SCHEMA,
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
export function hidesLsn({ snapshot }: ChangeOrigin): boolean {
  return snapshot === 'incremental';
}

/** Division that rounds down: times before 1970 are negative. */
export function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
