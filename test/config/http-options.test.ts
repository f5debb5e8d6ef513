import { describe, expect, test } from 'vitest';
import { HTTP_OPTIONS, HTTP_RULES, parseListen } from '../../src/config/http-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

test.each([
  ['127.0.0.1:8083', { host: '127.0.0.1', port: 8083 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  [':8083', { host: '0.0.0.0', port: 8083 }],
  ['none', null],
  ['8083', undefined],
  ['::1:80', undefined],
  ['host:65536', undefined],
])('%s', (text, address) => {
  expect(parseListen(text)).toEqual(address);
});

describe('a port that others reach', () => {
  const problems = (input: Record<string, string>): number =>
    examineOptions(HTTP_OPTIONS, input, {
      where: 'http',
      rules: HTTP_RULES,
      providers: { environment: {}, folder: '/' },
    }).problems.length;

  test.each(['0.0.0.0:80', ':80', '10.0.0.1:80', '[::]:80', 'example.org:80', '127.evil.org:80'])(
    '%s needs a token',
    (listen) => {
      expect(problems({ listen })).toBe(1);
      expect(problems({ listen, token: 'x' })).toBe(0);
    },
  );

  test.each(['127.0.0.2:80', 'localhost:80', '[::1]:80', 'none'])('%s needs none', (listen) => {
    expect(problems({ listen })).toBe(0);
  });
});
