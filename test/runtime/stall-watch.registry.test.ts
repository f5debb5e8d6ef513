import { expect, test } from 'vitest';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { startRegistryFront } from '../support/registry-front.ts';
import { sharedRegistry } from '../support/registry-server.ts';
import { watchedPipeline } from '../support/watched-pipeline.ts';

test('a registry that is away is what the source waits for', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
  await using front = await startRegistryFront({ target: sharedRegistry().origin });
  const avro = (side: string): Readonly<Record<string, unknown>> => ({
    [`${side}.converter`]: 'avro',
    [`${side}.converter.schema.registry.url`]: `${front.origin}/apis/ccompat/v7`,
  });
  const { named, well, streaming, pipeline } = await watchedPipeline(
    sourceSection(database, {
      'topic.prefix': database.name,
      'ddl.rewrites': 'warn',
      ...avro('key'),
      ...avro('value'),
    }),
  );
  await streaming();
  front.behaviour = 'cut';
  await database.query('ALTER TABLE t ADD COLUMN v text; INSERT INTO t VALUES (2)');
  const away = await named('registry_down');
  expect(away).toMatchObject({ severity: 'critical', sink: null });
  expect(away.title).toBe('the source does not go on: REGISTRY_CONNECT');
  front.behaviour = 'pass';
  await well();
  await expect.poll(() => pipeline.status().source.measures.creates).toBe(1);
});
