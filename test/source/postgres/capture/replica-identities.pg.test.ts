import { expect, test } from 'vitest';
import { freshDatabase } from '../../../support/postgres.ts';
import { runningPipeline } from '../../../support/running-pipeline.ts';

const IDENTITY = `SELECT relreplident AS identity FROM pg_class
  WHERE relname = $1 AND relnamespace = 'public'::regnamespace`;

test('identities are set together with the publication, and hold in records', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE keyless (id int, note text, hidden text);
    CREATE TABLE keyed (id int PRIMARY KEY, code int NOT NULL UNIQUE, hidden text);
    INSERT INTO keyless VALUES (1, 'a', 'h'); INSERT INTO keyed VALUES (1, 10, 'h');`);
  await using running = await runningPipeline(database, {
    source: {
      'value.converter': 'json',
      'column.exclude.list': 'public\\..*\\.hidden',
      'replica.identity.autoset.values':
        'public\\.keyless:FULL,public\\.keyed:INDEX keyed_code_key,public\\.none:FULL',
    },
  });
  expect(await database.query(IDENTITY, ['keyless'])).toEqual([{ identity: 'f' }]);
  expect(await database.query(IDENTITY, ['keyed'])).toEqual([{ identity: 'i' }]);
  await database.query(`UPDATE keyless SET note = 'b'; UPDATE keyed SET code = 20`);
  const [, update] = await running.records('shop.public.keyless', 2);
  expect(update?.value).toMatchObject({ op: 'u', before: { id: 1, note: 'a' } });
  // An index that does not cover the key tells only its own columns of the old row.
  const [, keyed] = await running.records('shop.public.keyed', 2);
  expect(keyed?.value).toMatchObject({ before: { code: 10 } });
  expect(running.lines).toContainEqual(
    expect.stringMatching(
      /^40 .*autoset\.values: public\\\.none sets no identity of a captured table$/,
    ),
  );
});
