import {
  SOURCE_COLUMN,
  SOURCE_COLUMN_NAME,
  SOURCE_COLUMN_TYPE,
} from '../../src/model/connect-schema.ts';
import { MYSQL_SOURCE_TYPE } from '../mysql-type-name.ts';
import { columnTypeText } from './ddl/column-types.ts';
import type { ServerVersion } from './ddl/ddl-dialect.ts';
import type { ColumnDefinition, ColumnType } from './ddl/table-definition.ts';

/** A type in the words of Debezium, as the server shows it: `BIGINT UNSIGNED`. */
export interface SourceType {
  readonly name: string;
  /** Display width, characters, precision; null: none is shown. */
  readonly length: number | null;
  readonly scale: number | null;
}

const SIZED = /^([a-z0-9]+)(?:\((\d+)(?:,(\d+))?\))?(.*)$/;

/**
 * A column's type as the original's connectors read it in what the server says of the table, so
 * that snapshot and stream tell the same: in the stream the original repeats the words of the
 * statement (BOOL, SERIAL), and says BINARY twice.
 */
export function sourceTypeOf(type: ColumnType, server: ServerVersion): SourceType {
  const { base, members } = type;
  // One character for an enum; of a set all members with commas between.
  if (members !== null) {
    const length = base === 'enum' ? 1 : Math.max(0, 2 * members.length - 1);
    return { name: base.toUpperCase(), length, scale: null };
  }
  const [, word = base, length, scale, rest = ''] = SIZED.exec(columnTypeText(type, server)) ?? [];
  return {
    name: (word + rest).toUpperCase(),
    length: length === undefined ? null : Number(length),
    scale: scale === undefined ? null : Number(scale),
  };
}

/**
 * Parameters of a column's schema when source types are propagated: Debezium's, and the whole type,
 * from which a target of this family makes the same column.
 */
export function mysqlSourceTypeParameters(
  { name, type }: Pick<ColumnDefinition, 'name' | 'type'>,
  server: ServerVersion,
  told: { readonly comment: string; readonly own: boolean },
): Readonly<Record<string, string>> {
  const source = sourceTypeOf(type, server);
  return {
    [SOURCE_COLUMN_TYPE]: source.name,
    ...(source.length === null ? {} : { [`${SOURCE_COLUMN}length`]: String(source.length) }),
    ...(source.scale === null ? {} : { [`${SOURCE_COLUMN}scale`]: String(source.scale) }),
    ...(told.comment === '' ? {} : { [`${SOURCE_COLUMN}comment`]: told.comment }),
    [SOURCE_COLUMN_NAME]: name,
    ...(told.own ? { [MYSQL_SOURCE_TYPE]: columnTypeText(type, server) } : {}),
  };
}
