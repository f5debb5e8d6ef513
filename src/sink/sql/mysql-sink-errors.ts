import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { UniqueViolation } from './unique-violation.ts';

interface MysqlError {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

function mysqlError(thrown: unknown): MysqlError | null {
  if (!(thrown instanceof Error) || !('errno' in thrown) || !('sqlState' in thrown)) return null;
  const { errno, sqlState, message } = thrown;
  // Errors of the operating system have a negative number.
  return typeof errno === 'number' && errno > 0 && typeof sqlState === 'string'
    ? { errno, sqlState, message }
    : null;
}

/** States of the server or of a transaction that pass by themselves (PITFALLS S10). */
const TRANSIENT = new Set([
  1021, 1037, 1038, 1040, 1041, 1047, 1053, 1077, 1079, 1114, 1135, 1152, 1158, 1159, 1160, 1161,
  1180, 1184, 1203, 1205, 1206, 1213, 1226, 1290, 1317, 1614, 1637, 1792, 1836, 1927, 1969, 3024,
  3032, 3101, 3168, 3169, 3572, 4031,
]);
/** The server ends the session with these. */
const SESSION_ENDS = new Set([
  1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 3169, 4031,
]);
const AUTHENTICATION = new Set([
  1045, 1129, 1130, 1131, 1132, 1133, 1251, 1275, 1524, 1698, 1820, 1862, 3118, 3159, 3878, 3955,
  4151,
]);
/** Of SQLSTATE HY000: what a row holds, and what its table is like. */
const RECORD = new Set([1105, 1153, 1366, 1365, 1411, 1525, 3643, 3819, 1416]);
const STRUCTURE = new Set([
  1005, 1227, 1347, 1348, 1364, 1419, 1471, 1478, 1665, 1785, 1786, 1832, 1833, 3105, 3750, 3780,
  4119, 4161,
]);

/** What a server's error means for the sink; see `classifySqlState` of PostgreSQL. */
export function classifyMysqlError({ errno, sqlState }: MysqlError): ErrorCode {
  if (TRANSIENT.has(errno)) return 'SINK_SERVER';
  if (AUTHENTICATION.has(errno) || sqlState.startsWith('28')) return 'SINK_AUTH';
  if (STRUCTURE.has(errno)) return 'SINK_SCHEMA';
  if (RECORD.has(errno)) return 'SINK_RECORD';
  if (/^(?:42|0A|3D)/.test(sqlState)) return 'SINK_SCHEMA';
  return /^2[1-3]/.test(sqlState) ? 'SINK_RECORD' : 'SINK_SERVER';
}

/** Whether the connection is gone with the error. */
export function endsMysqlSession(thrown: unknown): boolean {
  const error = mysqlError(thrown);
  return error !== null && SESSION_ENDS.has(error.errno);
}

/** Words in place of those of the server, which quote values of the row. */
const WORDS: Readonly<Record<number, string>> = {
  1062: 'a unique index has the value already',
  1064: 'the server does not understand a statement',
  1264: 'a number is out of the range of its column',
  1265: 'a value is not valid for the type of its column',
  1292: 'a value is not valid for the type of its column',
  1366: 'a value is not valid for its column, or holds characters that its charset lacks',
  1406: 'a value is too long for its column',
  1416: 'a geometry is not valid for its column',
  3140: 'a text is no valid JSON',
};

const CURES: Readonly<Record<number, string>> = {
  1044: 'GRANT ALL ON <database>.* TO the account of the sink.',
  1049: 'CREATE DATABASE it; or correct connection.url.',
  1062: 'Drop the index in the target, or correct what else writes there.',
  1071: 'Make the table with a shorter key by hand: an index holds 3072 bytes.',
  1118: 'Make the table by hand, with TEXT for its long columns.',
  1142: 'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER ON <database>.* TO the account.',
  1153: 'SET GLOBAL max_allowed_packet = 1073741824; in the target.',
  1264: 'Give the column a type with more room: ALTER TABLE … MODIFY COLUMN …, or a VARCHAR.',
  1366: 'ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4; if it is a text.',
  1406: 'Make the column longer: ALTER TABLE … MODIFY COLUMN ….',
  1665: 'SET GLOBAL binlog_format = ROW; in the target.',
  3750: 'SET GLOBAL sql_require_primary_key = OFF; or give the table of the source a key.',
};

/** Their messages name objects only. */
const SAFE_STATE = /^(?:08|28|40|42)/;
const SAFE = new Set([
  1048, 1205, 1213, 1290, 1364, 1451, 1452, 1665, 1785, 1786, 1792, 1832, 1833, 1836, 3750, 3780,
  4119,
]);

const FOREIGN_ROW =
  'by a unique index, or a collation that holds keys equal, the row is one of another key';
const FOREIGN_CURE =
  'Drop the unique index in the target, or make its key columns of a collation that tells them ' +
  'apart: utf8mb4_0900_bin, on MariaDB utf8mb4_nopad_bin.';

/** Where in the statement, without values. */
function placeOf({ errno, sqlState, message }: MysqlError): string {
  const column = /for column (?:`[^`]*`\.`[^`]*`\.)?[`']([^`']+)[`']/.exec(message)?.[1];
  const key = errno === 1062 ? /for key '([^']+)'$/.exec(message)?.[1] : undefined;
  const parts = [
    `error ${errno}, SQLSTATE ${sqlState}`,
    ...(column === undefined ? [] : [`column ${column}`]),
    ...(key === undefined ? [] : [`index ${key}`]),
  ];
  return parts.join('; ');
}

/** A server's error as ours, without values of rows; null: it is none of a server. */
export function mysqlSinkError(thrown: unknown): TidemarkError | null {
  const error = mysqlError(thrown);
  if (error === null) return null;
  const { errno, sqlState, message } = error;
  if (errno === 1690 && /exp\(/i.test(message)) {
    return new UniqueViolation('SINK_RECORD', `${FOREIGN_ROW} (error ${errno})`, {
      cure: FOREIGN_CURE,
    });
  }
  const isSafe = errno !== 1064 && (SAFE.has(errno) || SAFE_STATE.test(sqlState));
  const code = classifyMysqlError(error);
  const fallback = code === 'SINK_SERVER' ? message : 'the server refused a value';
  const words = WORDS[errno] ?? (isSafe ? message : fallback);
  const cure = CURES[errno];
  const isUnique = errno === 1062 && !message.endsWith("PRIMARY'");
  return new (isUnique ? UniqueViolation : TidemarkError)(code, `${words} (${placeOf(error)})`, {
    ...(isSafe ? { cause: thrown } : {}),
    ...(cure === undefined ? {} : { cure }),
  });
}
