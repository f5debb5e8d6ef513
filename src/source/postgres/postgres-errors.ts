import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';

/** Fields of an ErrorResponse; `pg`'s DatabaseError has the same names except `code`. */
export interface ServerErrorFields {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

const SLOT_LOST = /can no longer (get changes|access)|has already been removed|invalidated/;
const NO_REPLICATION_RIGHT = /walsender|WAL sender|REPLICATION attribute|replication slots/;
/** Seen on 18 while a transaction is streamed whose savepoint with DDL is rolled back just then. */
const DECODING_FAILED = /could not map file(?:node|number)|catalog is missing \d+ attribute/;
const SENDERS_EXHAUSTED = /standby connections|wal_senders|replication slots/;

/** By the SQLSTATE alone. */
const CODE_OF_STATE: Readonly<Record<string, ErrorCode>> = {
  '28P01': 'PG_AUTH',
  '28000': 'PG_AUTH',
  '3D000': 'PG_DATABASE_MISSING',
  '53400': 'PG_SLOTS_EXHAUSTED',
  '55P03': 'PG_LOCK_TIMEOUT',
  '57P04': 'PG_CONNECTION_LOST',
  '58P01': 'PG_SLOT_LOST',
  '57P01': 'PG_CONNECTION_LOST',
  '57P02': 'PG_CONNECTION_LOST',
  '57P03': 'PG_CONNECTION_LOST',
};

function codeOf({ code, message }: ServerErrorFields): ErrorCode {
  switch (code) {
    case '42501':
      return NO_REPLICATION_RIGHT.test(message) ? 'PG_NO_REPLICATION_RIGHT' : 'PG_PERMISSION';
    case '57014':
      // By pg_cancel_backend otherwise; servers that speak another language do not tell them apart.
      return message.includes('user request') ? 'PG_SERVER' : 'PG_QUERY_TIMEOUT';
    case '55006':
      return message.includes('replication slot') ? 'PG_SLOT_IN_USE' : 'PG_SERVER';
    case '53300':
      return SENDERS_EXHAUSTED.test(message) ? 'PG_SLOTS_EXHAUSTED' : 'PG_CONNECT';
    case '55000':
      if (SLOT_LOST.test(message)) return 'PG_SLOT_LOST';
      if (message.includes('being synchronized from')) return 'PG_SLOT_SYNCED';
      return message.includes('wal_level') ? 'PG_WAL_LEVEL' : 'PG_SERVER';
    case '40001':
      return message.includes('conflict with recovery') ? 'PG_RECOVERY_CONFLICT' : 'PG_SERVER';
    case '0A000':
      return message.includes('while in recovery') ? 'PG_UNSUPPORTED_SERVER' : 'PG_SERVER';
    case 'XX000':
      return DECODING_FAILED.test(message) ? 'PG_DECODING' : 'PG_SERVER';
    case '42704':
      if (message.startsWith('replication slot')) return 'PG_SLOT_LOST';
      return message.startsWith('publication') ? 'PG_PUBLICATION' : 'PG_SERVER';
    default:
      if (code.startsWith('08')) return 'PG_CONNECTION_LOST';
      return CODE_OF_STATE[code] ?? 'PG_SERVER';
  }
}

/** The server's own error as ours; SQLSTATE, message, detail and hint are kept in the message. */
export function postgresErrorFrom(fields: ServerErrorFields, cause?: unknown): TidemarkError {
  const parts = [`${fields.message} (SQLSTATE ${fields.code})`];
  if (fields.detail) parts.push(`detail: ${fields.detail}`);
  if (fields.hint) parts.push(`hint: ${fields.hint}`);
  return new TidemarkError(codeOf(fields), parts.join('; '), { cause: cause ?? fields });
}

function isServerError(thrown: unknown): thrown is ServerErrorFields {
  return (
    thrown instanceof Error &&
    'severity' in thrown &&
    'code' in thrown &&
    typeof thrown.code === 'string'
  );
}

/** Whatever `pg` or the socket threw while a connection was made or used. */
export function errorFromConnect(
  thrown: unknown,
  where: { readonly host: string; readonly port: number },
): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  if (isServerError(thrown)) return postgresErrorFrom(thrown, thrown);
  const message = messageOf(thrown);
  const code = /SASL|SCRAM|password/i.test(message) ? 'PG_AUTH' : 'PG_CONNECT';
  return new TidemarkError(code, `${where.host}:${where.port}: ${message}`, {
    cause: thrown,
    ...(isCertificateError(thrown) ? { cure: CERTIFICATE_CURE } : {}),
  });
}

const CERTIFICATE_CURE =
  'Check database.sslrootcert, and that the certificate of the server names database.hostname.';

/** Node's codes for a certificate that cannot be trusted or names another host. */
function isCertificateError(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return /CERT|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(String(thrown.code));
}

/** An AggregateError of Node's (both address families failed) has no message of its own. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
