import { expect, inject, test } from 'vitest';
import { askSearch, sharedSearch } from './search-server.ts';

const { series } = inject('search');
const search = await sharedSearch();

test('the server is the one that the project names, and compares external versions', async () => {
  expect(search.series).toBe(series);
  const [, major = ''] = series.split('-');
  expect(search.version.split('.')[0]).toBe(major);
  const nodes = await askSearch(search, 'GET', '/_nodes/_local');
  expect(JSON.stringify(nodes.body)).toContain(`"version":"${search.version}"`);
  const put = async (version: string, text: string): Promise<number> => {
    const place = `/kept-by-version/_doc/1?version=${version}&version_type=external`;
    return (await askSearch(search, 'PUT', place, { text })).status;
  };
  expect(await put('9007199254740993', 'newer')).toBe(201);
  expect(await put('9007199254740992', 'older')).toBe(409);
  const { body } = await askSearch(search, 'GET', '/kept-by-version/_doc/1');
  expect(body).toMatchObject({ _source: { text: 'newer' } });
});
