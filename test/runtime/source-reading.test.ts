import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { loadSource } from '../../src/runtime/source-reading.ts';
import { MysqlReader } from '../../src/source/mysql/mysql-reader.ts';
import { PostgresReader } from '../../src/source/postgres/postgres-reader.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const CONTEXT = {
  transport: { documents: new MemoryDocuments() } as unknown as Transport,
  clock: systemClock,
  note: () => undefined,
  warn: () => undefined,
  notify: () => undefined,
};

const BINLOG = { 'database.dbname': undefined };

test('each family has its reader; of binlogs there is a history', async () => {
  const postgres = await loadSource(parsedPipeline());
  expect(postgres.heartbeatIntervalMs).toBe(10_000);
  expect(postgres.postgresConnection()).toMatchObject({ database: 'shop' });
  const reading = postgres.reading(CONTEXT);
  expect(reading.openReader(false)).toBeInstanceOf(PostgresReader);
  expect(reading.history).toBeNull();
  for (const family of ['mysql', 'mariadb']) {
    const source = { ...BINLOG, 'connector.class': family, 'binary.handling.mode': 'hex' };
    const loaded = await loadSource(parsedPipeline({ source }));
    expect(loaded.binary).toBe('hex');
    const binlog = loaded.reading(CONTEXT);
    expect(binlog.openReader(false)).toBeInstanceOf(MysqlReader);
    expect(binlog.history).not.toBeNull();
    expect(binlog.openReselectors()).toEqual([]);
  }
});

test('what only PostgreSQL can do is refused for others', async () => {
  const source = { ...BINLOG, 'connector.class': 'mysql' };
  const loaded = await loadSource(parsedPipeline({ source }));
  expect(() => loaded.postgresConnection()).toThrow(/TimescaleDB needs a source of PostgreSQL/);
});
