import { expect, test } from 'vitest';
import { daemonUrl } from '../../src/cli/daemon-address.ts';

test('the address that a daemon listens on is one that can be reached', () => {
  const url = (host: string): string | null =>
    daemonUrl({ listen: { host, port: 9 }, token: undefined });
  expect(['127.0.0.1', '0.0.0.0', '::', 'db.example'].map(url)).toEqual([
    'http://127.0.0.1:9',
    'http://127.0.0.1:9',
    'http://[::1]:9',
    'http://db.example:9',
  ]);
  expect(daemonUrl({ listen: null, token: undefined })).toBeNull();
  expect(daemonUrl(undefined)).toBe('http://127.0.0.1:8083');
});
