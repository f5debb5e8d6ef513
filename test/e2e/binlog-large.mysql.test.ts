import { expect, test } from 'vitest';
import type { ServerSettings } from '../../src/demo/mysql-programs.ts';
import { isStruct } from '../../src/model/connect-schema.ts';
import { binlogPipeline, untilReceived } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { field, readStoredRecords } from '../support/ledger-log.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';

/** `TIDEMARK_TEST_ROWS=1000000` was run by hand. */
const ROWS = Number(process.env['TIDEMARK_TEST_ROWS'] ?? 60_000);
const MEMORY_MB = 450;
const { series, flavor } = sharedMysql();

/** What makes transactions small on the disk, and whole only in our memory. */
const COMPRESSED: Readonly<Record<string, ServerSettings>> = {
  '9.7': { 'binlog-transaction-compression': 'ON', 'binlog-row-image': 'MINIMAL' },
  '8.0': { 'binlog-row-image': 'MINIMAL' },
  '11.4': { 'log-bin-compress': 'ON', 'binlog-row-image': 'MINIMAL' },
  '10.11': { 'log-bin-compress': 'ON', 'binlog-row-image': 'NOBLOB' },
};

const SCHEMA = `CREATE TABLE digit (d int PRIMARY KEY);
  INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
  CREATE TABLE big (id int PRIMARY KEY, v varchar(100), b longblob)`;

const FILL = `INSERT INTO big SELECT n, concat('row ', n), NULL FROM (
  SELECT a.d + 10*b.d + 100*c.d + 1000*d.d + 10000*e.d + 100000*f.d + 1 AS n
  FROM digit a, digit b, digit c, digit d, digit e, digit f) numbers WHERE n <= ${ROWS} ORDER BY n`;

test(
  `a transaction of ${ROWS} rows, killed within: each once, in bounded memory (PITFALLS B35, B90)`,
  { timeout: 600_000 },
  async () => {
    await using server = await startServer(series, { settings: COMPRESSED[series] ?? {} });
    await using pipeline = await binlogPipeline(server, { schema: SCHEMA, sink: false });
    const { source } = pipeline;
    await pipeline.configure({ 'table.include.list': `${source.name}\\.big` });
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until((status) => status.source.phase === 'streaming');
      expect(await daemon.stop()).toBe(0);
    }
    // Prepared before all of it, and committed behind it (PITFALLS B32).
    const prepared = await source.connect();
    await prepared.query(`XA START 'tm'`);
    await prepared.query(`INSERT INTO big VALUES (2000001, 'xa', NULL)`);
    await prepared.query(`XA END 'tm'`);
    await prepared.query(`XA PREPARE 'tm'`);
    await source.query(FILL);
    await source.query(`UPDATE big SET v = concat(v, '!') WHERE id <= 1000`);
    // More than a packet of 16 MB (PITFALLS B12).
    await source.query(`INSERT INTO big VALUES (3000001, 'large', repeat('x', 20 * 1024 * 1024))`);
    for (const n of [2, 4]) {
      await using daemon = Daemon.start({ ...pipeline, faultPoint: `source.appended:${n}` });
      expect((await daemon.ended).signal, `the daemon said: ${daemon.output}`).toBe('SIGKILL');
    }
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    await prepared.query(`XA COMMIT 'tm'`);
    await untilReceived(server, daemon);
    const peakMb = daemon.peakMemoryMb();
    expect(await daemon.stop(), `the daemon said: ${daemon.output}`).toBe(0);
    const records = await readStoredRecords(pipeline.storePath, /^copy\.\w+\.big$/);
    const told = records.map(({ value }) => {
      const after = value === null ? null : field(value, 'after');
      if (value === null || after === null || !isStruct(after)) return 'no row';
      return `${field(value, 'op') as string} ${after.values[0] as number}`;
    });
    const ids = (op: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${op} ${i + 1}`);
    const wanted = [...ids('c', ROWS), ...ids('u', 1000), 'c 3000001', 'c 2000001'];
    expect(told.length).toBe(wanted.length);
    expect(told.findIndex((one, i) => one !== wanted[i])).toBe(-1);
    process.stderr.write(`${flavor} ${series}: ${ROWS} rows, peak ${Math.round(peakMb)} MB\n`);
    expect(peakMb).toBeLessThan(MEMORY_MB);
  },
);
