import { test } from 'vitest';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { expectWholeMoves } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);

test(`no reader sees half a transaction of a binlog, killed or not (S28, ${SEED})`, async () => {
  await using source = await mysqlFamily(sharedMysql());
  await using copy = await mysqlFamily(sharedMysql());
  const target = {
    family: copy.family,
    rows: (sql: string) => copy.rows(sql),
    sink: { ...copy.sink, 'transaction.mode': 'source' },
  };
  const metadata = { 'provide.transaction.metadata': true };
  await using pipeline = await familyPipeline(source, [target], metadata, { partitions: 3 });
  await expectWholeMoves(source, [target], pipeline, ['sink.applied'], SEED);
});
