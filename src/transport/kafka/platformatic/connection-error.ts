import { TidemarkError } from '../../../foundation/errors.ts';

/** Codes of node:tls that mean: the certificate is not trusted, or ours was refused. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|ERR_SSL|EPROTO|ALTNAME/;

/** The error for a connection that failed, with what lies under the library's own errors. */
export function connectionError(thrown: unknown, address: string): TidemarkError {
  const chain = causesOf(thrown);
  // The library wraps why there is no token for a login.
  const own = chain.find((error) => error instanceof TidemarkError);
  if (own !== undefined) return own;
  const code = codeOf(chain);
  const said = [...new Set(chain.map(({ message }) => message).filter((text) => text !== ''))];
  const what = code === 'KAFKA_AUTH' ? 'refused the login' : 'cannot be reached';
  const message = `Kafka broker ${address} ${code === 'KAFKA_TIMEOUT' ? 'did not answer' : what}`;
  return new TidemarkError(code, `${message}: ${said.slice(-2).join(': ')}`, { cause: thrown });
}

function codeOf(chain: readonly Error[]): 'KAFKA_AUTH' | 'KAFKA_TIMEOUT' | 'KAFKA_CONNECT' {
  for (const error of chain) {
    const { message } = error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code === 'PLT_KFK_AUTHENTICATION' || CERTIFICATE.test(code)) return 'KAFKA_AUTH';
    if (message.startsWith('Broker requires TLS')) return 'KAFKA_CONNECT';
  }
  return chain.some(({ message }) => message === 'Request timed out')
    ? 'KAFKA_TIMEOUT'
    : 'KAFKA_CONNECT';
}

/** The error, its causes and the errors that it collects, outermost first. */
function causesOf(thrown: unknown): Error[] {
  const chain: Error[] = [];
  const waiting: unknown[] = [thrown];
  for (let next = waiting.shift(); next !== undefined && chain.length < 20;) {
    if (next instanceof Error) {
      chain.push(next);
      if (next instanceof AggregateError) waiting.push(...(next.errors as unknown[]));
      if (next.cause !== undefined) waiting.push(next.cause);
    }
    next = waiting.shift();
  }
  return chain;
}
