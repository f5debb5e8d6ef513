import { expect, test } from 'vitest';
import { must } from '../../../../src/foundation/assert.ts';
import type { ChosenPosition } from '../../../../src/source/mysql/capture/chosen-position.ts';
import { chosenPlace } from '../../../../src/source/mysql/capture/chosen-position.ts';
import {
  readBinlogFiles,
  readServerFacts,
} from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import type { BinlogStart } from '../../../../src/source/mysql/wire/binlog-commands.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { binlogEnd, connectionTo } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const { flavor } = sharedMysql();

async function placeOf(chosen: ChosenPosition) {
  await using session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  const facts = await readServerFacts(session);
  const files = await readBinlogFiles(session);
  return await chosenPlace(chosen, session, facts, files, signal);
}

async function endOf() {
  const { file, gtid } = await binlogEnd(sharedMysql());
  const gtids = gtid.kind === 'gtid' ? gtid.executed.toString() : positionOf(gtid);
  return { file: file.file, position: file.position, gtid: gtids === '' ? null : gtids };
}

function positionOf(start: BinlogStart): string {
  return start.kind === 'mariadb-gtid' ? start.position.toString() : '';
}

test('a place between two groups, and none inside of one or of an event', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT)');
  const from = await endOf();
  await database.query('INSERT INTO t VALUES (1)');
  // Others write to the server too, in front of our row as well.
  const sql = `SHOW BINLOG EVENTS IN '${from.file}' FROM ${from.position}`;
  const events = await database.query<{ Pos: number; Event_type: string }>(sql);
  const chosen = (pos: number): ChosenPosition => ({ kind: 'place', file: from.file, pos });
  const place = await placeOf(chosen(from.position));
  expect(place).toMatchObject({ file: from.file, pos: from.position });
  const { gtid } = from;
  expect(place.gtids).toBe(gtid);
  const rows = must(
    events.find(({ Event_type: kind }) => kind.startsWith('Write_rows')),
    'there is our row',
  );
  await expect(placeOf(chosen(rows.Pos))).rejects.toThrow('inside of a transaction');
  await expect(placeOf(chosen(from.position + 1))).rejects.toMatchObject({
    code: 'USAGE',
    cure: expect.stringContaining('SHOW BINLOG EVENTS') as unknown,
  });
});

test('the end of the binlog, and GTIDs in the form of the server', async () => {
  const end = await placeOf({ kind: 'end' });
  expect(end.pos).toBeGreaterThan(4);
  if (end.gtids !== null) {
    const spaced = end.gtids.replaceAll(',', ' ,\n');
    expect((await placeOf({ kind: 'gtids', gtids: spaced })).gtids).toBe(end.gtids);
  }
  for (const gtids of ['', 'nonsense', flavor === 'mysql' ? '0-1-5' : `${UUID}:1-5`]) {
    await expect(placeOf({ kind: 'gtids', gtids })).rejects.toMatchObject({ code: 'USAGE' });
  }
});

const UUID = '531e30d3-e585-11f1-809b-02fc00000001';
