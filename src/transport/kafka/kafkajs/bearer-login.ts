import { TidemarkError } from '../../../foundation/errors.ts';

/** One step of SASL as the library sends it. */
type SaslAuthenticate = (step: {
  readonly request: { readonly encode: () => Promise<Buffer> };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<string>;
    readonly parse: (text: string) => Promise<string>;
  };
}) => Promise<string>;

/** What the library asks to log in over one connection. */
export type LoginProvider = (connection: {
  readonly host: string;
  readonly port: number;
  readonly saslAuthenticate: SaslAuthenticate;
}) => { readonly authenticate: () => Promise<void> };

/**
 * OAUTHBEARER (RFC 7628) for the library. Its own takes any answer for consent: a broker that
 * refuses a token says so in the bytes of an answer without error, and what is asked next over that
 * connection is never answered as it should be. It also hides why there is no token.
 */
export function bearerLogin(token: () => Promise<string>): LoginProvider {
  return ({ host, port, saslAuthenticate }) => ({
    authenticate: async () => {
      const text = await token();
      const refusal = await saslAuthenticate({
        request: {
          encode: () => Promise.resolve(framed(`n,,\u0001auth=Bearer ${text}\u0001\u0001`)),
        },
        response: {
          // Behind the length of the bytes.
          decode: (bytes) => Promise.resolve(bytes.subarray(4).toString('utf8')),
          parse: (answer) => Promise.resolve(answer),
        },
      });
      if (refusal === '') return;
      throw new TidemarkError(
        'KAFKA_AUTH',
        `Kafka refused the login to ${host}:${port}: OAUTHBEARER ${statusOf(refusal)}`,
        { cure: 'The token must be valid for the brokers: issuer, audience, signature, expiry.' },
      );
    },
  });
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const message = Buffer.allocUnsafe(4 + bytes.length);
  message.writeInt32BE(bytes.length, 0);
  bytes.copy(message, 4);
  return message;
}

/** The broker answers with JSON, of which only the status is certain to hold no secret. */
function statusOf(answer: string): string {
  return /"status"\s*:\s*"([\w-]{1,40})"/.exec(answer)?.[1] ?? 'was refused';
}
