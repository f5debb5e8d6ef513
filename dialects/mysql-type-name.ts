import type { ConnectSchema } from '../src/model/connect-schema.ts';
import {
  POSTGRES_SOURCE_TYPE,
  SOURCE_COLUMN,
  SOURCE_COLUMN_TYPE,
} from '../src/model/connect-schema.ts';

/**
 * Schema parameter with the full type of a column of MySQL or MariaDB, as COLUMN_TYPE of
 * information_schema prints it. Types of PostgreSQL travel under another name: `timestamp`, `bit`
 * and `text` are words of both and mean different things.
 */
export const MYSQL_SOURCE_TYPE = '__tidemark.source.mysql.type';

/**
 * Type names of schema parameters come from the wire: they are parsed by a closed grammar and
 * printed anew, so that no text of the wire reaches DDL.
 *
 *   type := base [ "(" int [ "," int ] ")" ] [ "unsigned" ] [ "zerofill" ]
 *         | ( "enum" | "set" ) "(" string { "," string } ")"
 */
export interface MysqlTypeName {
  readonly base: string;
  readonly length: number | null;
  readonly scale: number | null;
  readonly unsigned: boolean;
  /** Of an enum or set. */
  readonly members: readonly string[] | null;
}

/** Bases, and how many numbers may stand in brackets. */
const BASES: ReadonlyMap<string, 0 | 1 | 2> = new Map([
  ...of(1, 'tinyint smallint mediumint int bigint bit year time datetime timestamp'),
  ...of(1, 'char varchar binary varbinary vector'),
  ...of(2, 'decimal float double'),
  ...of(0, 'date tinytext text mediumtext longtext tinyblob blob mediumblob longblob json'),
  ...of(0, 'geometry point linestring polygon multipoint multilinestring multipolygon'),
  ...of(0, 'geometrycollection geomcollection uuid inet4 inet6'),
]);

function of(numbers: 0 | 1 | 2, names: string): readonly (readonly [string, 0 | 1 | 2])[] {
  return names.split(' ').map((name) => [name, numbers] as const);
}

const SCALAR = /^([a-z0-9]+)(?:\((\d{1,10})(?:,(\d{1,2}))?\))?( unsigned)?( zerofill)?$/;
const MEMBERS = /^(enum|set)\(('(?:[^'\0]|'')*'(?:,'(?:[^'\0]|'')*')*)\)$/;
const MEMBER = /'((?:[^']|'')*)'/g;

/** Parses a type; null when it is none that is known. */
export function parseMysqlType(text: string): MysqlTypeName | null {
  const members = MEMBERS.exec(text);
  if (members !== null) {
    const [, base = '', list = ''] = members;
    const names = [...list.matchAll(MEMBER)].map(([, name = '']) => name.replaceAll("''", "'"));
    return { base, length: null, scale: null, unsigned: false, members: names };
  }
  const match = SCALAR.exec(text);
  if (match === null) return null;
  const [, base = '', length, scale, unsigned, zerofill] = match;
  const numbers = BASES.get(base);
  const given = length === undefined ? 0 : scale === undefined ? 1 : 2;
  if (numbers === undefined || given > numbers) return null;
  return {
    // The newer word of MySQL, which MariaDB does not know.
    base: base === 'geomcollection' ? 'geometrycollection' : base,
    length: length === undefined ? null : Number(length),
    scale: scale === undefined ? null : Number(scale),
    // ZEROFILL is a matter of how a number is shown, but makes it unsigned.
    unsigned: unsigned !== undefined || zerofill !== undefined,
    members: null,
  };
}

/** `decimal(10,2) unsigned`, `enum('a','b')`. */
export function printMysqlType({ base, length, scale, unsigned, members }: MysqlTypeName): string {
  if (members !== null) return `${base}(${members.map(quoteMember).join(',')})`;
  const numbers = length === null ? '' : `(${length}${scale === null ? '' : `,${scale}`})`;
  return `${base}${numbers}${unsigned ? ' unsigned' : ''}`;
}

function quoteMember(member: string): string {
  return `'${member.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Words that Debezium propagates of columns of MySQL, and that mean the same everywhere. */
const PROPAGATED = new RegExp(
  [
    '^(?:(?:TINY|SMALL|MEDIUM|BIG)?INT(?: UNSIGNED)?(?: ZEROFILL)?|DATETIME|YEAR',
    'VARBINARY|BINARY|(?:VAR)?CHAR|(?:TINY|MEDIUM|LONG)(?:TEXT|BLOB))$',
  ].join('|'),
);
const SIZED = new Set(['datetime', 'varbinary', 'binary', 'varchar', 'char']);

/** The type of the column in a source of this family, where its record tells it. */
export function mysqlSourceType(schema: ConnectSchema): MysqlTypeName | null {
  const own = schema.parameters?.[MYSQL_SOURCE_TYPE];
  if (own !== undefined) return parseMysqlType(own);
  // Ours of PostgreSQL tell both; a `char` there is another.
  if (schema.parameters?.[POSTGRES_SOURCE_TYPE] !== undefined) return null;
  const propagated = schema.parameters?.[SOURCE_COLUMN_TYPE];
  if (propagated === undefined || !PROPAGATED.test(propagated)) return null;
  const name = propagated.toLowerCase();
  const length = schema.parameters?.[`${SOURCE_COLUMN}length`];
  return parseMysqlType(SIZED.has(name) && length !== undefined ? `${name}(${length})` : name);
}
