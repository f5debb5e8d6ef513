import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { readHeldWal } from '../../src/runtime/held-wal.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { binlogEnd } from '../support/mysql-source.ts';

const { signal } = new AbortController();

test('what of the binlog lies behind the stored position; null where nobody knows', async () => {
  const server = sharedMysql();
  const source = (change: Readonly<Record<string, string>>) =>
    parsePipeline(
      JSON.stringify({ name: 'shop', source: mysqlProperties(server, change) }),
      '/p.yaml',
      {},
    ).source;
  const { file } = await binlogEnd(server);
  const behind = file.position - 4;
  const offset = { file: file.file, pos: 4 };
  const held = await readHeldWal(source({}), offset, signal, systemClock);
  expect(held.slot).toBeNull();
  // Others write to the server as well.
  expect(held.bytes).toBeGreaterThanOrEqual(behind);
  const unknown = { slot: null, bytes: null };
  expect(await readHeldWal(source({}), null, signal, systemClock)).toEqual(unknown);
  const away = source({ 'database.port': '1' });
  expect(await readHeldWal(away, offset, signal, systemClock)).toEqual(unknown);
});
