import type { BinlogFlavor } from '../binlog-column.ts';

/** What decides how the text of a statement is read. */
export interface DdlDialect {
  readonly flavor: BinlogFlavor;
  /** 8.0.36 is 80036, 10.11.19 is 101119: as versioned comments write it. */
  readonly version: number;
  /** `"x"` is an identifier, not a string. */
  readonly ansiQuotes: boolean;
  /** A backslash in a string is a backslash. */
  readonly noBackslashEscapes: boolean;
  /** REAL is FLOAT. */
  readonly realAsFloat: boolean;
  /** MariaDB's sql_mode ORACLE: VARCHAR2, NUMBER, CLOB, RAW; DATE has a time. */
  readonly oracle: boolean;
}

/** Flavor and version of a server, from what it says of itself. */
export interface ServerVersion {
  readonly flavor: BinlogFlavor;
  readonly version: number;
}

const REAL_AS_FLOAT = 1;
const ANSI_QUOTES = 4;
const ORACLE = 512;
const NO_BACKSLASH_ESCAPES = 1 << 20;

/** The dialect under a sql_mode, given as the bits of a QUERY event's status variable (B95). */
export function ddlDialect(server: ServerVersion, sqlMode: number): DdlDialect {
  // The bits that count are below 2^31, the mode may be longer.
  const bits = Number(BigInt.asUintN(31, BigInt(sqlMode)));
  return {
    flavor: server.flavor,
    version: server.version,
    ansiQuotes: (bits & ANSI_QUOTES) !== 0,
    noBackslashEscapes: (bits & NO_BACKSLASH_ESCAPES) !== 0,
    realAsFloat: (bits & REAL_AS_FLOAT) !== 0,
    oracle: server.flavor === 'mariadb' && (bits & ORACLE) !== 0,
  };
}

const VERSION = /(\d{1,2})\.(\d{1,2})\.(\d{1,3})/;
/** MariaDB 10 and later announce themselves as a 5.5.5 to replicas (B16). */
const MARIADB_PREFIX = /^5\.5\.5-(?=1\d\.)/;

/** Reads `5.5.5-10.11.19-MariaDB-log` or `9.7.4`; null when there is no version in it. */
export function parseServerVersion(text: string): ServerVersion | null {
  const stripped = text.replace(MARIADB_PREFIX, '');
  const match = VERSION.exec(stripped);
  if (match === null) return null;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isMariadb = /mariadb/i.test(text) || stripped !== text || major >= 10;
  return {
    flavor: isMariadb ? 'mariadb' : 'mysql',
    version: major * 10_000 + minor * 100 + Math.min(patch, 99),
  };
}
