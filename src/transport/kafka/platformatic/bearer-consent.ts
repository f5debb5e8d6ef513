import { TidemarkError } from '../../../foundation/errors.ts';

/**
 * What a broker answers to a token of OAUTHBEARER: nothing when it is good, otherwise JSON, in an
 * answer without error. The library takes both for consent.
 */
export function bearerConsent(
  answer: Buffer,
  callback: (error: Error | null, answer: Buffer) => void,
): void {
  if (answer.length === 0) {
    callback(null, answer);
    return;
  }
  // Of it only the status is certain to hold no secret.
  const status = /"status"\s*:\s*"([\w-]{1,40})"/.exec(answer.toString('utf8'))?.[1];
  const message = `Kafka refused the login: OAUTHBEARER ${status ?? 'was refused'}`;
  const cure = 'The token must be valid for the brokers: issuer, audience, signature, expiry.';
  callback(new TidemarkError('KAFKA_AUTH', message, { cure }), answer);
}
