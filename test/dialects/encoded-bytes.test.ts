import { expect, test } from 'vitest';
import { encodedBytes } from '../../dialects/encoded-bytes.ts';

test.each([
  ['bytes', Buffer.from('fbff', 'hex')],
  ['hex', 'fbff'],
  ['base64', '+/8='],
  ['base64-url-safe', '-_8='],
] as const)('%s', (encoding, expected) => {
  expect(encodedBytes(encoding, Buffer.from('fbff', 'hex'))).toEqual(expected);
});
