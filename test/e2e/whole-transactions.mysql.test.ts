import path from 'node:path';
import { test } from 'vitest';
import { duckdbFamily } from '../support/duckdb-arrivals.ts';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectWholeMoves, expectWholeMovesInFile } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const METADATA = { 'provide.transaction.metadata': true };
const WHOLE = { 'transaction.mode': 'source' };
/** Daemons are started again and again: on a busy machine that takes a minute. */
const LONG = { timeout: 300_000 };

test(
  `no reader sees half a transaction of a binlog, killed or not (S28, ${SEED})`,
  LONG,
  async () => {
    await using source = await mysqlFamily(sharedMysql());
    await using copy = await mysqlFamily(sharedMysql());
    await using folder = await temporaryFolder('whole-transactions');
    const sqlite = sqliteFamily(path.join(folder.path, 'copy.db'));
    const targets = [copy, sqlite].map((target) => ({
      family: target.family,
      rows: (sql: string) => target.rows(sql),
      sink: { ...target.sink, 'table.name.format': '${source.table}', ...WHOLE },
    }));
    await using pipeline = await familyPipeline(source, targets, METADATA, { partitions: 3 });
    await expectWholeMoves(source, targets, pipeline, ['sink.applied'], SEED);
  },
);

test(
  `a DuckDB file has whole transactions whenever its daemon dies (S28, ${SEED})`,
  LONG,
  async () => {
    await using source = await mysqlFamily(sharedMysql());
    await using folder = await temporaryFolder('whole-transactions');
    const file = path.join(folder.path, 'copy.duckdb');
    const { family, sink } = duckdbFamily(file);
    const targets = [{ family, sink: { ...sink, ...WHOLE } }];
    await using pipeline = await familyPipeline(source, targets, METADATA, { partitions: 3 });
    const points = ['sink.applied:4', 'sink.committed', 'sink.polled:6'];
    await expectWholeMovesInFile(source, file, pipeline, points, SEED);
  },
);
