import { expect, test } from 'vitest';
import { ddlDialect, parseServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';

test.each([
  ['5.5.5-10.11.19-MariaDB-log', 'mariadb', 101_119],
  ['11.8.9-MariaDB-ubu2404', 'mariadb', 110_809],
  ['10.3.39-MariaDB', 'mariadb', 100_339],
  ['5.5.5-MariaDB', 'mariadb', 50_505],
  ['9.7.4', 'mysql', 90_704],
  ['8.0.36-28.1', 'mysql', 80_036],
  ['5.7.22-log', 'mysql', 50_722],
  ['8.0.28-google', 'mysql', 80_028],
])('%s (PITFALLS B16)', (text, flavor, version) => {
  expect(parseServerVersion(text)).toEqual({ flavor, version });
});

test('what has no version is none', () => {
  expect(parseServerVersion('unknown')).toBeNull();
});

test('the bits of sql_mode that change how a text is read (PITFALLS B95)', () => {
  const server = { flavor: 'mariadb', version: 101_119 } as const;
  expect(ddlDialect(server, 0)).toMatchObject({
    ansiQuotes: false,
    noBackslashEscapes: false,
    realAsFloat: false,
    oracle: false,
  });
  expect(ddlDialect(server, 2 ** 40 + (1 | 4 | 512 | (1 << 20)))).toMatchObject({
    ansiQuotes: true,
    noBackslashEscapes: true,
    realAsFloat: true,
    oracle: true,
  });
  expect(ddlDialect({ flavor: 'mysql', version: 50_722 }, 512).oracle).toBe(false);
});
