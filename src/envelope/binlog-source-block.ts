import mariadbDocument from '../../schemas/source-mariadb.json' with { type: 'json' };
import mysqlDocument from '../../schemas/source-mysql.json' with { type: 'json' };
import { floorDiv } from '../foundation/floor-division.ts';
import type { BinlogOrigin } from '../model/change-event.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import type { BinlogConnector, EnvelopeOptions } from './envelope-options.ts';

/** `io.debezium.connector.<mysql|mariadb>.Source`, version 1: the same fields. */
export const BINLOG_SOURCE_SCHEMAS: Readonly<Record<BinlogConnector, ConnectSchema>> = {
  mysql: schemaFromJson(mysqlDocument),
  mariadb: schemaFromJson(mariadbDocument),
};

/** What the source block says of the table: a statement may belong to none, or to several. */
export interface BinlogPlace {
  readonly database: string;
  readonly table: string | null;
}

/** The source block of a change. */
export function binlogSource(origin: BinlogOrigin, id: TableId, options: EnvelopeOptions): Struct {
  return binlogSourceAt(origin, { database: id.schema, table: id.table }, options);
}

/** Values stand in the order of the schema's fields; `sequence` is never given. */
export function binlogSourceAt(
  origin: BinlogOrigin,
  place: BinlogPlace,
  options: EnvelopeOptions,
): Struct {
  const micros = origin.sourceMicros;
  return {
    schema: BINLOG_SOURCE_SCHEMAS[options.connector === 'mariadb' ? 'mariadb' : 'mysql'],
    values: [
      options.version,
      options.connector,
      options.topicPrefix,
      floorDiv(micros, 1000n),
      options.leavesDefaults === true && origin.snapshot === 'false' ? null : origin.snapshot,
      place.database,
      null,
      micros,
      micros * 1000n,
      place.table,
      BigInt(origin.serverId),
      origin.gtid,
      origin.file,
      BigInt(origin.pos),
      origin.row,
      origin.thread === null ? null : BigInt(origin.thread),
      origin.query,
    ],
  };
}
