import transactionDocument from '../../schemas/transaction-block.json' with { type: 'json' };
import type { ChangeOrigin } from '../model/change-event.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import { BINLOG_SOURCE_SCHEMAS, binlogSource } from './binlog-source-block.ts';
import type { EnvelopeOptions } from './envelope-options.ts';
import { POSTGRES_SOURCE_SCHEMA, postgresSource } from './postgres-source-block.ts';

/** `event.block`: null unless transaction metadata is on. */
export const TRANSACTION_SCHEMA: ConnectSchema = schemaFromJson(transactionDocument);

/** `io.debezium.connector.<connector>.Source`, version 1. */
export function sourceSchema({ connector }: Pick<EnvelopeOptions, 'connector'>): ConnectSchema {
  return connector === 'postgresql' ? POSTGRES_SOURCE_SCHEMA : BINLOG_SOURCE_SCHEMAS[connector];
}

/** The source block of a change; values stand in the order of the schema's fields. */
export function sourceStruct(
  origin: ChangeOrigin,
  table: TableId,
  options: EnvelopeOptions,
): Struct {
  return origin.family === 'postgres'
    ? postgresSource(origin, table, options)
    : binlogSource(origin, table, options);
}
