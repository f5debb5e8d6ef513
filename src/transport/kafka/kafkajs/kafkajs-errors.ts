import { TidemarkError } from '../../../foundation/errors.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError, type KafkaRequest } from '../kafka-errors.ts';

/** What the library's errors carry; which of it depends on the class. */
interface LibraryError extends Error {
  readonly type?: string;
  readonly code?: number | string;
  readonly retriable?: boolean;
  readonly broker?: string;
  readonly errors?: readonly Error[];
}

/** A code that a broker answered where the library did not look. */
export class AnsweredError extends Error {
  readonly type = 'ANSWERED';
  readonly code: number;

  constructor(code: number) {
    super(kafkaErrorName(code));
    this.code = code;
  }
}

/** Classes of the library that mean: no broker, or not this one any more. */
const CONNECTION = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSGroupCoordinatorNotFound',
]);
/** Failures of TLS: what Node and OpenSSL say when a certificate is not good. */
const CERTIFICATE = /certificate|self.signed|CERT_|ERR_TLS|SSL routines|tlsv1|altnames|EPROTO/i;

/** The library wraps errors, sometimes twice; what happened is the innermost one. */
function innermost(thrown: unknown): LibraryError {
  let error: LibraryError = thrown instanceof Error ? thrown : new Error(String(thrown));
  for (let depth = 0; depth < 5 && !(error instanceof TidemarkError); depth++) {
    const inner: unknown = error.errors?.[0] ?? error.cause;
    if (!(inner instanceof Error)) break;
    error = inner;
  }
  return error;
}

/** Kafka's code of what was answered, or null when the error is not an answer. */
export function answeredCode(thrown: unknown): number | null {
  const error = innermost(thrown);
  if (typeof error.type !== 'string' || typeof error.code !== 'number') return null;
  // Codes that are younger than the library are only in the text.
  const unknown = /^Unknown error code (-?\d+)$/.exec(error.message);
  return unknown === null ? error.code : Number(unknown[1]);
}

/** Whether trying again a moment later may help. */
export function mayPass(thrown: unknown): boolean {
  const own = innermost(thrown);
  if (own instanceof TidemarkError) return own.retry === 'backoff';
  const code = answeredCode(thrown);
  if (code !== null) return isRetriableKafkaError(kafkaErrorName(code));
  const error = innermost(thrown);
  return isTimeout(error) || (CONNECTION.has(error.name) && !CERTIFICATE.test(said(error)));
}

/** Whether the connection, not Kafka, failed the request. */
export function isConnectionFailure(thrown: unknown): boolean {
  const error = innermost(thrown);
  return answeredCode(thrown) === null && (CONNECTION.has(error.name) || isTimeout(error));
}

/** Whether the broker left a request without an answer. */
export function isTimeout(thrown: unknown): boolean {
  return innermost(thrown).name === 'KafkaJSRequestTimeoutError';
}

/** Our error for what the library threw when it was asked for something. */
export function fromLibrary(thrown: unknown, request: KafkaRequest): TidemarkError {
  const error = innermost(thrown);
  // It may come through the library, which wraps it: why there is no token for a login.
  if (error instanceof TidemarkError) return error;
  const code = answeredCode(thrown);
  if (error.name === 'KafkaJSSASLAuthenticationError' || error.type?.includes('SASL') === true) {
    return new TidemarkError('KAFKA_AUTH', `Kafka refused the login: ${error.message}`, {
      cause: thrown,
    });
  }
  if (code !== null) return kafkaError(code, request, { cause: thrown });
  const what = `${request.operation} of ${request.resource}`;
  if (CERTIFICATE.test(said(error))) {
    const message = `TLS to ${error.broker ?? 'a broker'} failed: ${error.message}`;
    return new TidemarkError('KAFKA_AUTH', message, { cause: thrown });
  }
  if (isTimeout(error)) {
    const broker = error.broker === undefined ? 'A broker' : `Broker ${error.broker}`;
    const message = `${broker} did not answer in time to ${what}`;
    return new TidemarkError('KAFKA_TIMEOUT', message, { cause: thrown });
  }
  if (CONNECTION.has(error.name)) {
    const servers = request.bootstrapServers?.join(', ') ?? 'the brokers';
    const message = `No connection to ${error.broker ?? servers} for ${what}: ${error.message}`;
    return new TidemarkError('KAFKA_CONNECT', message, { cause: thrown });
  }
  return new TidemarkError('KAFKA_BROKER', `${what} failed: ${error.message}`, { cause: thrown });
}

function said(error: LibraryError): string {
  return `${error.code ?? ''} ${error.message}`;
}
