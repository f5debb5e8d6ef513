import { expect, test } from 'vitest';
import { checkSink } from '../../../src/runtime/sink-check.ts';
import { missingTables } from '../../../src/sink/sql/required-tables.ts';
import { never } from '../../support/sink-harness.ts';
import { postgresSinkTarget } from '../../support/sink-target.ts';

test('tables that are there, and those that only a record can name, are not missing', async () => {
  await using target = await postgresSinkTarget();
  await target.query('CREATE TABLE shop_public_there (id integer)');
  const session = await target.open();
  const missing = (requiredTopics: readonly string[], tableNameFormat = '${topic}') =>
    missingTables(session, target.dialect, target.options({ requiredTopics, tableNameFormat }));
  expect(await missing([])).toBeNull();
  expect(await missing(['shop.public.there'])).toBeNull();
  expect(await missing(['shop.public.a'], '${source.table}')).toBeNull();
  expect(await missing(['shop.public.there', 'shop.public.a', 'shop.public.b'])).toMatchObject({
    code: 'SINK_SCHEMA',
    message: 'the target lacks tables: "public"."shop_public_a", "public"."shop_public_b"',
  });
  await session.close();
});

test('tidemark check tells them too', async () => {
  await using target = await postgresSinkTarget();
  const options = target.options({ requiredTopics: ['shop.t'], tableNameFormat: '${topic}' });
  const { problems } = await checkSink(options, never);
  expect(problems).toMatchObject([
    {
      code: 'SINK_SCHEMA',
      message: expect.stringContaining('lacks tables: "public"."shop_t"') as string,
    },
  ]);
});
