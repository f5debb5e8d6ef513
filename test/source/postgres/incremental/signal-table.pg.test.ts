import { expect, test } from 'vitest';
import type { TableSchema } from '../../../../src/model/table-schema.ts';
import {
  problemText,
  quotedSignalTable,
  signalTableProblems,
} from '../../../../src/source/postgres/incremental/signal-table.ts';
import type { SnapshotOptions } from '../../../../src/source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { SideConnection } from '../../../../src/source/postgres/wire/wire-side-connection.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';

async function problems(
  database: TestDatabase,
  more: Partial<SnapshotOptions>,
  setting: { readonly captured?: readonly string[]; readonly user?: string } = {},
): Promise<string[]> {
  const { captured = ['signal'], user } = setting;
  const connection = { ...connectionTo(database), ...(user === undefined ? {} : { user }) };
  await using side = new SideConnection(connection, 'test', systemClock);
  const options = { ...DEFAULT_SNAPSHOT_OPTIONS, signalTable: 'public.signal', ...more };
  const schemas = captured.map((table) => ({ id: { catalog: '', schema: 'public', table } }));
  const found = await signalTableProblems(side, options, schemas as unknown as TableSchema[]);
  return found.map(problemText);
}

const SIGNAL = 'CREATE TABLE signal (id varchar(42) PRIMARY KEY, type varchar(32), data text);';

test('a table that is there and captured is fine, and none is needed', async () => {
  await using database = await freshDatabase();
  await database.query(SIGNAL);
  expect(await problems(database, {})).toEqual([]);
  expect(await problems(database, { watermarking: 'insert_delete' })).toEqual([]);
  expect(await problems(database, { signalTable: null })).toEqual([]);
});

test('missing, too narrow, without schema or not captured: each with its cure', async () => {
  await using database = await freshDatabase();
  await database.query(`${SIGNAL} CREATE TABLE narrow (id text, type text);`);
  expect(await problems(database, { signalTable: 'public.none' })).toEqual([
    expect.stringMatching(
      /^PG_SIGNAL_TABLE: there is no table public.none .*CREATE TABLE "?public/,
    ),
  ]);
  expect(await problems(database, { signalTable: 'signal' })).toEqual([
    expect.stringContaining('has no schema'),
  ]);
  expect(
    await problems(database, { signalTable: 'public.narrow' }, { captured: ['narrow'] }),
  ).toEqual([expect.stringContaining('has 2 columns. It needs three')]);
  expect(await problems(database, {}, { captured: [] })).toEqual([
    expect.stringMatching(/are not seen.*ALTER PUBLICATION … ADD TABLE/),
  ]);
  // Other channels need no capture.
  expect(await problems(database, { signalChannels: ['file'] }, { captured: [] })).toEqual([]);
});

test('rights count only where marks are to be written', async () => {
  await using database = await freshDatabase();
  const role = `${database.name}_reader`;
  await database.query(`${SIGNAL} CREATE ROLE ${role} LOGIN PASSWORD '${database.password}';
    CREATE TABLE keyless (id text, type text, data text);`);
  try {
    const user = role;
    expect(await problems(database, {}, { user })).toEqual([]);
    const marks = { watermarking: 'insert_insert' } as const;
    expect(await problems(database, { ...marks, readOnly: true }, { user })).toEqual([]);
    expect(await problems(database, marks, { user })).toEqual([
      expect.stringMatching(
        /may not INSERT in public.signal.*GRANT INSERT ON "public"\."signal" TO "\w+_reader";/,
      ),
    ]);
    expect(await problems(database, { watermarking: 'insert_delete' }, { user })).toEqual([
      expect.stringMatching(/may not INSERT and DELETE.*GRANT INSERT, DELETE ON/),
    ]);
    const keyless = { signalTable: 'public.keyless', watermarking: 'insert_delete' } as const;
    expect(await problems(database, keyless, { captured: ['keyless'] })).toEqual([
      expect.stringMatching(/cannot be deleted.*ADD PRIMARY KEY/),
    ]);
  } finally {
    await database.query(`DROP ROLE ${role}`);
  }
});

test('a name is quoted where it has to be', () => {
  expect(quotedSignalTable('public.Signal')).toBe('"public"."Signal"');
  expect(quotedSignalTable('signal')).toBeNull();
});
