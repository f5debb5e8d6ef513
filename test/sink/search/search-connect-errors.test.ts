import { expect, test } from 'vitest';
import { unreachable } from '../../../src/sink/search/search-connect-errors.ts';

function failure(code: string, message = 'as it is'): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  ['ECONNREFUSED', 'SINK_CONNECT', /connection.url/],
  ['ENOTFOUND', 'SINK_CONNECT', /connection.url/],
  ['ECONNRESET', 'SINK_CONNECT', /connection.url/],
  ['HPE_INVALID_CONSTANT', 'SINK_CONNECT', /https:/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'SINK_TLS', /http:/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SINK_TLS', /truststore/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SINK_TLS', /truststore/],
  ['CERT_HAS_EXPIRED', 'SINK_TLS', /truststore/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'SINK_TLS', /names the host/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'SINK_TLS', /keystore/],
])('%s is %s', (code, expected, cure) => {
  const error = unreachable('https://search:9200', failure(code));
  expect(error).toMatchObject({ code: expected, retry: 'backoff' });
  expect(error.message).toContain('https://search:9200');
  expect(error.cure).toMatch(cure);
});

test('what has no words is told by its code', () => {
  expect(unreachable('http://search:9200', failure('ECONNREFUSED', '')).message).toBe(
    'http://search:9200 cannot be reached: ECONNREFUSED',
  );
});
