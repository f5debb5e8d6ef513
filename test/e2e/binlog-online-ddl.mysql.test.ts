import { expect, test } from 'vitest';
import { isStruct } from '../../src/model/connect-schema.ts';
import type { Struct } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import { binlogPipeline, untilReceived } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { field, readStoredRecords } from '../support/ledger-log.ts';
import { randomFrom } from '../support/ledger-load.ts';
import type { MysqlDatabase } from '../support/mysql-database.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import {
  alterationOf,
  changeByGhost,
  changeByTriggers,
  changedTable,
  JournaledWriter,
  steadyRows,
} from '../support/online-ddl.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? 3);
const ROWS = 200;
const { series, flavor } = sharedMysql();

/** The binlog tells types and no names: the shapes are known by the history alone. */
const METADATA =
  series === '5.6' || series === '5.7'
    ? {}
    : { 'binlog-row-metadata': flavor === 'mariadb' ? 'NO_LOG' : 'MINIMAL' };

test(
  `pt-osc's way and gh-ost's while rows change, between ${KILLS} kills: each change told once`,
  { timeout: 120_000 + KILLS * 10_000 },
  async () => {
    await using server = await startServer(series, { settings: METADATA });
    await using pipeline = await binlogPipeline(server, {
      schema: changedTable(ROWS),
      sink: false,
    });
    const { source } = pipeline;
    await pipeline.configure({ 'table.include.list': `${source.name}\\.t` });
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until((status) => status.source.phase === 'streaming');
      expect(await daemon.stop()).toBe(0);
    }
    const writer = new JournaledWriter(await source.connect(), ROWS, SEED);
    const over = { writing: false, changing: false };
    const writing = writer.run(() => over.writing);
    const changes = { cycles: 0 };
    const changing = changeAgain(source, writer, changes, () => over.changing);
    const random = randomFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      const point = random() < 0.5 ? 'source.appended' : 'source.batch-encoded';
      const faultPoint = `${point}:${1 + Math.floor(random() * 60)}`;
      await using daemon = Daemon.start({ ...pipeline, faultPoint });
      const ended = await Promise.race([daemon.ended, writing, changing]);
      expect(ended?.signal, `the daemon said: ${daemon.output}`).toBe('SIGKILL');
    }
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    const before = changes.cycles;
    await expect.poll(() => changes.cycles).toBeGreaterThan(before + 1);
    over.changing = true;
    await changing;
    over.writing = true;
    await writing;
    await untilReceived(server, daemon);
    expect(await daemon.stop(), `the daemon said: ${daemon.output}`).toBe(0);
    await expectJournal(pipeline.storePath, writer.journal, source);
  },
);

async function changeAgain(
  source: MysqlDatabase,
  writer: JournaledWriter,
  changes: { cycles: number },
  isOver: () => boolean,
): Promise<undefined> {
  const [locker, renamer] = [await source.connect(), await source.connect()];
  while (!isOver()) {
    const alter = alterationOf(changes.cycles + 1);
    if (changes.cycles % 2 === 0) await changeByTriggers(locker, writer, alter);
    else await changeByGhost({ locker, renamer }, writer, alter);
    changes.cycles++;
  }
}

/** The log tells the journal, and its last versions are the rows that are there. */
async function expectJournal(
  storePath: string,
  journal: readonly string[],
  source: MysqlDatabase,
): Promise<void> {
  const records = await readStoredRecords(storePath, /^copy\.\w+\.t$/);
  const told: string[] = [];
  const rows = new Map<number, object>();
  for (const { key, value } of records) {
    if (value === null) continue;
    const id = key?.values[0] as number;
    const op = field(value, 'op') as string;
    if (op === 'd') {
      rows.delete(id);
      told.push(`d ${id}`);
      continue;
    }
    const { v, note } = rowOf(value);
    rows.set(id, { id, v, note });
    if (op !== 'r') told.push(`${op} ${id} ${String(v)}`);
  }
  const wrong = journal.findIndex((one, i) => one !== told[i]);
  const around = (list: readonly string[]): readonly string[] => list.slice(wrong - 3, wrong + 4);
  expect(wrong < 0 ? [] : [around(told), around(journal)], `change ${wrong}`).toEqual([]);
  expect(told.length).toBe(journal.length);
  const sorted = [...rows].toSorted(([a], [b]) => a - b).map(([, row]) => row);
  expect(sorted).toEqual(await steadyRows(source));
}

function rowOf(value: Struct): Record<string, unknown> {
  const after = field(value, 'after');
  if (after === null || !isStruct(after)) throw new Error('a change without its row');
  return plainValue(after) as Record<string, unknown>;
}
