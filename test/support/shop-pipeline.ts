import { type PipelineFolder, pipelineFolder, sourceSection } from './pipeline-text.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';

/** What a test has otherwise than the plain pipeline. */
export interface ShopChange {
  readonly source?: Readonly<Record<string, unknown>>;
  readonly sink?: Readonly<Record<string, unknown>>;
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** The pipeline `shop`: everything of one test database into another, without HTTP port. */
export function shopPipeline(
  source: TestDatabase,
  target: TestDatabase,
  change: ShopChange = {},
): Promise<PipelineFolder> {
  const { host, port, name, user, password } = target;
  return pipelineFolder({
    name: 'shop',
    source: sourceSection(source, { 'table.include.list': '.*', ...change.source }),
    sinks: [
      {
        name: 'w',
        'connector.class': 'jdbc',
        'connection.url': `jdbc:postgresql://${host}:${port}/${name}`,
        'connection.user': user,
        'connection.password': password,
        ...change.sink,
      },
    ],
    http: { listen: 'none' },
    ...change.rest,
  });
}

/** A database with the table `t` and two rows. */
export async function shopDatabase(): Promise<TestDatabase> {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')`,
  );
  return database;
}
