import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { bearerLogin } from '../../../../src/transport/kafka/kafkajs/bearer-login.ts';

/** A login over a connection whose broker answers so; resolves to what was sent. */
async function login(answer: string, token: () => Promise<string>): Promise<string> {
  let sent = Buffer.alloc(0);
  const { authenticate } = bearerLogin(token)({
    host: 'broker',
    port: 9092,
    saslAuthenticate: async ({ request, response }) => {
      sent = Buffer.from(await request.encode());
      const bytes = Buffer.from(answer);
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      return response.parse(await response.decode(Buffer.concat([length, bytes])));
    },
  });
  await authenticate();
  expect(sent.readInt32BE(0)).toBe(sent.length - 4);
  return sent.toString('utf8', 4);
}

test('the token is sent as RFC 7628 says; no answer is consent', async () => {
  expect(await login('', () => Promise.resolve('abc'))).toBe(
    'n,,\u0001auth=Bearer abc\u0001\u0001',
  );
});

test.each([
  ['{"status":"invalid_token"}', 'OAUTHBEARER invalid_token'],
  ['{"status":"hunter2 hunter2"}', 'OAUTHBEARER was refused'],
])('the answer %s is a refusal', async (answer, message) => {
  await expect(login(answer, () => Promise.resolve('abc'))).rejects.toMatchObject({
    code: 'KAFKA_AUTH',
    message: `Kafka refused the login to broker:9092: ${message}`,
  });
});

test('why there is no token is not hidden', async () => {
  const error = new TidemarkError('KAFKA_CONNECT', 'the token endpoint is down');
  await expect(login('', () => Promise.reject(error))).rejects.toBe(error);
});
