import { TABLE_HAS_CHANGED } from '../../../dialects/postgres/postgres-sql.ts';
import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { mysqlSinkError } from './mysql-sink-errors.ts';
import { UniqueViolation } from './unique-violation.ts';

/** The fields of a server's error that are used; all but the code may be missing. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

function serverError(thrown: unknown): ServerError | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(thrown.code)
    ? (thrown as unknown as ServerError)
    : null;
}

/** States of the server or of a transaction that pass by themselves (PITFALLS S10). */
const TRANSIENT = /^(?:08|40|53|57|58)|^(?:55P03|55006|25006|25P03)$/;
const AUTHENTICATION = /^28/;
const MISSING_DATABASE = '3D000';
/** Syntax, names, types, rights, features: the table does not fit, whatever the row holds. */
const STRUCTURE = /^(?:42|3F|0A|2B|2F)/;

/**
 * What the error means for the sink. `SINK_RECORD` and `SINK_SCHEMA` are permanent: the record or
 * its table is to blame, and trying again changes nothing.
 */
export function classifySqlState(state: string): ErrorCode {
  if (TRANSIENT.test(state)) return 'SINK_SERVER';
  if (AUTHENTICATION.test(state)) return 'SINK_AUTH';
  if (STRUCTURE.test(state) || state === MISSING_DATABASE) return 'SINK_SCHEMA';
  return 'SINK_RECORD';
}

/** Classes whose primary message names objects only. Others quote values of the row. */
const MESSAGE_IS_SAFE = /^(?:08|23|40|42|53|55|57|3D|3F|28|0A|25)|^(?:22001|21000)$/;

const STATE_NAMES: Readonly<Record<string, string>> = {
  '22P02': 'a value is not valid for the type of its column',
  '22003': 'a number is out of the range of its column',
  '22007': 'a date or time is not valid for its column',
  '22008': 'a date or time is out of range',
  '22021': 'a text holds a character that the target cannot store',
  '22P05': 'a text holds a character that the target cannot store',
};

/** The server's words without values of rows, which are customer data. */
function describe(error: ServerError): string {
  const text = MESSAGE_IS_SAFE.test(error.code)
    ? error.message
    : (STATE_NAMES[error.code] ?? 'the server refused a value');
  const where = [
    error.table === undefined ? '' : `table ${error.table}`,
    error.column === undefined ? '' : `column ${error.column}`,
    error.constraint === undefined ? '' : `constraint ${error.constraint}`,
  ].filter((part) => part !== '');
  return `${text} (SQLSTATE ${error.code}${where.length > 0 ? `; ${where.join(', ')}` : ''})`;
}

/** Anything thrown by the driver as one of our errors. */
export function toSinkError(thrown: unknown): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const ofMysql = mysqlSinkError(thrown);
  if (ofMysql !== null) return ofMysql;
  const server = serverError(thrown);
  if (server?.message.includes(TABLE_HAS_CHANGED) === true) {
    return new TidemarkError('SINK_SERVER', 'a table was changed while it was written to');
  }
  if (server !== null) {
    const code = classifySqlState(server.code);
    // The cause would carry the row's values into logs: only where the class of errors has none.
    const details = MESSAGE_IS_SAFE.test(server.code) ? { cause: thrown } : {};
    const isUnique = server.code === '23505' && server.constraint?.endsWith('_pkey') !== true;
    return new (isUnique ? UniqueViolation : TidemarkError)(code, describe(server), details);
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidemarkError('SINK_CONNECT', `connection to the target: ${message}`, {
    cause: thrown,
    ...(isCertificateError(thrown) ? { cure: CERTIFICATE_CURE } : {}),
  });
}

const CERTIFICATE_CURE =
  'Check sslrootcert (ssl-ca) in connection.url, and that the certificate of the server names ' +
  'its host.';

/** Node's codes for a certificate that cannot be trusted or names another host. */
function isCertificateError(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return /CERT|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(String(thrown.code));
}

/** The table is to be parked; everything else concerns the whole sink. */
export function isPermanent(error: TidemarkError): boolean {
  return (
    error.code === 'SINK_RECORD' ||
    error.code === 'SINK_SCHEMA' ||
    error.code === 'VALUE_CONVERSION'
  );
}
