import { expect, test } from 'vitest';
import {
  binlogPipeline,
  ledgerClient,
  seedBinlogLedger,
  untilReceived,
} from '../support/binlog-ledger.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { LedgerLoad } from '../support/ledger-load.ts';
import { expectWholeHistory } from '../support/ledger-pipeline.ts';
import { connectTo, sharedMysql } from '../support/mysql-database.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';

const SEED = 20261122;
const { series } = sharedMysql();
/** Who is not refused runs until this ends it. */
const inTime = (): AbortSignal => AbortSignal.timeout(30_000);
const TIMEOUT = { timeout: 240_000 };

test(
  'files change, connections die, the server restarts or hangs: nothing is lost (PITFALLS B8, B9)',
  TIMEOUT,
  async () => {
    // Some files a second.
    await using server = await startServer(series, { settings: { 'max-binlog-size': 65_536 } });
    await using pipeline = await binlogPipeline(server, {
      sink: false,
      source: { 'connect.keep.alive.interval.ms': 1000 },
    });
    const { name } = pipeline.source;
    await seedBinlogLedger(pipeline.source, 100);
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source }) => source.phase === 'streaming');
    const lost = (): number => daemon.output.split('MYSQL_CONNECTION_LOST').length;
    const write = async (transactions: number): Promise<void> => {
      const connection = await connectTo(server, name);
      const load = await LedgerLoad.resume(ledgerClient(connection), SEED);
      for (let i = 0; i < transactions; i++) {
        if (i % 20 === 10) await server.query('FLUSH BINARY LOGS');
        await load.transaction();
      }
      connection.destroy();
    };
    await write(60);
    const dumps = await server.query<{ id: number }>(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'`,
    );
    expect(dumps).toHaveLength(1);
    await server.query(`KILL ${dumps[0]?.id}`);
    await write(20);
    await server.stop();
    await server.start();
    await write(20);
    await server.kill();
    await server.start();
    await write(20);
    await untilReceived(server, daemon);
    const before = lost();
    await server.pause();
    await expect.poll(lost).toBeGreaterThan(before);
    server.resume();
    await write(20);
    await untilReceived(server, daemon);
    await daemon.until(({ healthy }) => healthy);
    expect(await daemon.stop()).toBe(0);
    await expectWholeHistory(pipeline);
  },
);

test(
  'what was purged unread is refused, and a reason for a snapshot (PITFALLS B19, B21)',
  TIMEOUT,
  async () => {
    await using server = await startServer(series);
    await using pipeline = await binlogPipeline(server, { sink: false });
    await seedBinlogLedger(pipeline.source, 100);
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ source }) => source.phase === 'streaming');
      expect(await daemon.stop()).toBe(0);
    }
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    for (let i = 0; i < 20; i++) await load.transaction();
    await server.query('FLUSH BINARY LOGS');
    // A server keeps the file as long as it thinks that somebody reads it.
    await expect.poll(() => purgedTo(server)).toHaveLength(1);
    await load.transaction();
    const refused = await runProgram(['run', pipeline.file], {}, inTime());
    expect(refused.stderr).toMatch(/^MYSQL_BINLOG_LOST {2}\S.*\ncure: .*when_needed/m);
    expect(refused.code).toBe(3);

    await pipeline.configure({ 'snapshot.mode': 'when_needed' });
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ source }) => source.phase === 'streaming');
      expect(daemon.output).toContain('a snapshot is needed');
      for (let i = 0; i < 20; i++) await load.transaction();
      await untilReceived(server, daemon);
      expect(await daemon.stop()).toBe(0);
    }
    await expectWholeHistory(pipeline);

    // Another server at the address, or this one without its past: its GTIDs begin anew.
    await server.query(series === '9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
    await pipeline.configure({});
    const reset = await runProgram(['run', pipeline.file], {}, inTime());
    expect(reset.stderr).toMatch(/^MYSQL_GTID_DIVERGED /m);
    expect(reset.code).toBe(3);
  },
);

test(
  'a first start that finds the server not ready says why, and ends (PITFALLS B17)',
  TIMEOUT,
  async () => {
    const shared = sharedMysql();
    await using pipeline = await binlogPipeline(shared, { sink: false });
    const { source } = pipeline;
    const account = `reader_${source.name}`.slice(0, 16);
    await source.query(`CREATE USER '${account}'@'%' IDENTIFIED BY 'x'`);
    await source.query(`GRANT SELECT ON ${source.name}.* TO '${account}'@'%'`);
    const cases: readonly [string, RegExp, Readonly<Record<string, unknown>>][] = [
      ['MYSQL_AUTH', /^ *cure: \S/m, { 'database.password': 'wrong' }],
      [
        'MYSQL_PERMISSION',
        /^ *cure: .*GRANT/m,
        { 'database.user': account, 'database.password': 'x' },
      ],
      ['MYSQL_CONNECT', /^ *cure: \S/m, { 'database.port': 1 }],
    ];
    for (const [code, cure, change] of cases) {
      await pipeline.configure(change);
      const ended = await runProgram(['run', pipeline.file], {}, inTime());
      expect(ended.code, `it said: ${ended.stderr}`).toBe(3);
      expect(ended.stderr).toMatch(new RegExp(`^(1\\. )?${code}  \\S`));
      expect(ended.stderr).toMatch(cure);
    }
    await source.query(`DROP USER '${account}'@'%'`);
  },
);

/** Lets the server delete all files but the last; those that are left. */
async function purgedTo(server: MysqlServer): Promise<readonly unknown[]> {
  const files = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
  await server.query(`PURGE BINARY LOGS TO '${files.at(-1)?.Log_name}'`);
  return await server.query('SHOW BINARY LOGS');
}
