import { expect, test } from 'vitest';
import { binlogPipeline, untilReceived } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { sharedMysql } from '../support/mysql-database.ts';

test('while only others write, the stored offset follows (PITFALLS B9)', async () => {
  const server = sharedMysql();
  await using pipeline = await binlogPipeline(server, { sink: false });
  const { warehouse: other } = pipeline;
  await other.query('CREATE TABLE busy (id int PRIMARY KEY)');
  await using daemon = Daemon.start(pipeline);
  const begun = await daemon.until(({ source }) => source.phase === 'streaming');
  for (let i = 0; i < 20; i++) await other.query(`INSERT INTO busy VALUES (${i})`);
  await untilReceived(server, daemon);
  const { source } = await daemon.until((status) => {
    const stored = status.source.confirmedLsn;
    return stored !== null && stored === status.source.receivedLsn;
  });
  expect(source.confirmedLsn).not.toBe(begun.source.receivedLsn);
  expect(source.lagBytes ?? 0).toBeLessThan(1_000_000);
  expect(await daemon.stop()).toBe(0);
});
