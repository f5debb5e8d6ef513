import path from 'node:path';
import { test } from 'vitest';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectWholeMoves } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const WHOLE = { 'transaction.mode': 'source' };

test(`no reader sees half a transaction of PostgreSQL, killed or not (S28, ${SEED})`, async () => {
  await using source = await postgresFamily(await freshDatabase());
  await using postgres = await postgresFamily(await freshDatabase());
  await using folder = await temporaryFolder('whole-transactions');
  const sqlite = sqliteFamily(path.join(folder.path, 'copy.db'));
  const targets = [postgres, sqlite].map((target) => ({
    family: target.family,
    rows: (sql: string) => target.rows(sql),
    sink: { ...target.sink, ...WHOLE },
  }));
  await using pipeline = await familyPipeline(
    source,
    targets,
    { 'provide.transaction.metadata': true },
    { partitions: 3 },
  );
  const points = ['sink.polled', 'sink.applied', 'sink.committed'];
  await expectWholeMoves(source, targets, pipeline, points, SEED);
});
