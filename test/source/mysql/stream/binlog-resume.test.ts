import { describe, expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import type { MysqlSourceOptions } from '../../../../src/source/mysql/mysql-source-options.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { catalogAt, resumeFrom } from '../../../../src/source/mysql/stream/binlog-resume.ts';
import type { MysqlServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MemoryHistory } from '../../../support/memory-history.ts';

const A = '11111111-1111-1111-1111-111111111111';
const B = '22222222-2222-2222-2222-222222222222';
const STORED: BinlogOffset = {
  serverUuid: A,
  serverId: 1,
  fingerprint: '',
  done: { file: 'b.000002', pos: 500, gtids: `${A}:1-5` },
  held: null,
  open: null,
  eventsDone: 0,
  rowsDone: 0,
  seconds: 1,
  snapshot: 'completed',
  sentBefore: null,
};

function request(
  mode: MysqlSourceOptions['snapshotMode'],
  change: { uuid?: string; purged?: string } = {},
) {
  const notes: string[] = [];
  const facts = {
    flavor: 'mysql',
    serverUuid: change.uuid ?? A,
    serverId: change.uuid === undefined ? 1 : 2,
    lowerCaseTableNames: 0,
    binlog: { enabled: true },
    gtid: {
      kind: 'mysql',
      mode: 'ON',
      executed: GtidSet.parse(`${A}:1-9`),
      purged: GtidSet.parse(change.purged ?? ''),
    },
  } as unknown as MysqlServerFacts;
  const options = {
    snapshotMode: mode,
    gtidSources: { includes: [], excludes: [], filtersRows: true, ignored: false },
    history: { recoversLost: mode === 'recovery' },
  } as unknown as MysqlSourceOptions;
  const rows = [
    ['b.000002', '900'],
    ['b.000003', '100'],
  ];
  const querier = { query: () => Promise.resolve({ columns: ['Log_name', 'File_size'], rows }) };
  const note = (text: string): number => notes.push(text);
  return { options, facts, querier, note, notes, signal: new AbortController().signal };
}

describe('where the stream goes on', () => {
  test('nowhere without an offset; where it stood with one', async () => {
    expect(await resumeFrom(null, request('initial'))).toBeNull();
    expect(await resumeFrom(STORED, request('initial'))).toEqual(STORED);
    expect(await resumeFrom(STORED, request('always'))).toBeNull();
  });

  test('a snapshot that was cut short goes on beside the stream', async () => {
    const some = { snapshot: 'running', snapshotState: '{}', history: 'e:4' } as const;
    const cut = { ...STORED, ...some };
    const asked = request('initial');
    expect(await resumeFrom(cut, asked)).toEqual({ ...cut, snapshot: 'completed' });
    expect(asked.notes.join()).toMatch(/read beside the stream/);
    expect(await resumeFrom(cut, request('initial_only'))).toBeNull();
    // Killed before all tables were remembered: the rest would have been read of those that were.
    const intent = { ...STORED, ...some, history: null };
    expect(await resumeFrom(intent, request('initial'))).toBeNull();
  });

  test('what was purged is refused, or a reason for a snapshot (PITFALLS B21)', async () => {
    const purged = { purged: `${A}:1-7` };
    await expect(resumeFrom(STORED, request('initial', purged))).rejects.toMatchObject({
      code: 'MYSQL_BINLOG_LOST',
    });
    const needed = request('when_needed', purged);
    expect(await resumeFrom(STORED, needed)).toBeNull();
    expect(needed.notes.join()).toMatch(/a snapshot is needed/);
  });

  test('on another server of the set files count anew (PITFALLS B20)', async () => {
    const resumed = await resumeFrom(STORED, request('initial', { uuid: B }));
    expect(resumed).toMatchObject({
      serverUuid: B,
      serverId: 2,
      done: { file: 'b.000002', pos: 4, gtids: `${A}:1-5` },
    });
    const byFile = { ...STORED, done: { ...STORED.done, gtids: null } };
    await expect(resumeFrom(byFile, request('initial', { uuid: B }))).rejects.toMatchObject({
      code: 'MYSQL_POSITION',
    });
  });
});

describe('the catalog of that place', () => {
  const read = (): Promise<TableCatalog> => Promise.resolve(new TableCatalog(0));

  test('is lost with its history, unless it may be made anew', async () => {
    const offset = { ...STORED, history: 'e:3' };
    await expect(
      catalogAt(offset, new MemoryHistory(), request('initial'), read),
    ).rejects.toMatchObject({ code: 'MYSQL_HISTORY_LOST' });
    await expect(
      catalogAt(STORED, new MemoryHistory(), request('initial'), read),
    ).rejects.toMatchObject({ code: 'MYSQL_HISTORY_LOST' });
    const history = new MemoryHistory();
    const found = await catalogAt(offset, history, request('recovery'), read);
    expect(found.resume.history).toBe(`${found.memories.place.epoch}:0`);
    // It stands in the history before any offset names it.
    const again = await catalogAt(found.resume, history, request('initial'), read);
    expect(again.memories.place).toEqual(found.memories.place);
  });
});
