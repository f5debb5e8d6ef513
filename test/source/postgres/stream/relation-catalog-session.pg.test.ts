import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { formatLsn } from '../../../../src/model/lsn.ts';
import { CatalogSession } from '../../../../src/source/postgres/stream/relation-catalog-session.ts';
import { SideConnection } from '../../../../src/source/postgres/wire/wire-side-connection.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo, sourceOptionsFor } from '../../../support/postgres-source.ts';

test('tables by id, texts of types that only the message knows, and types made later', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY)');
  const [t] = await database.query<{ oid: number }>(`SELECT 't'::regclass::oid::int AS oid`);
  await using side = new SideConnection(connectionTo(database), 'catalog', systemClock);
  const session = new CatalogSession(sourceOptionsFor(database), [], side, {
    clock: systemClock,
    signal: new AbortController().signal,
  });
  expect(await session.table(t?.oid ?? 0)).toMatchObject({ schema: 'public', name: 't' });
  expect(await session.table(1)).toBeNull();
  const texts = await session.typeTexts({
    kind: 'relation',
    relationId: 1,
    schema: 's',
    table: 't',
    replicaIdentity: 'default',
    columns: [
      { identity: false, name: `it's`, typeOid: 1043, typeModifier: 24 },
      { identity: false, name: 'n', typeOid: 1700, typeModifier: ((10 << 16) | 2) + 4 },
    ],
  });
  expect([...texts]).toEqual([
    [`it's`, 'character varying(20)'],
    ['n', 'numeric(10,2)'],
  ]);
  const typeOf = (oid: number): unknown =>
    session.context.types.typeOf({ typeOid: oid, typmod: -1, typeText: 'mood' })?.schema;
  await database.query(`CREATE TYPE mood AS ENUM ('sad')`);
  const [mood] = await database.query<{ oid: number }>(`SELECT 'mood'::regtype::oid::int AS oid`);
  const oid = mood?.oid ?? 0;
  expect(typeOf(oid)).toBeUndefined();
  await session.loadTypes([oid]);
  expect(typeOf(oid)).toMatchObject({ parameters: { allowed: 'sad' } });
  await database.query(`ALTER TYPE mood ADD VALUE 'ok'`);
  await session.loadTypes([oid]);
  expect(typeOf(oid)).toMatchObject({ parameters: { allowed: 'sad,ok' } });
  const [end] = await database.query<{ passed: boolean }>(
    `SELECT pg_current_wal_insert_lsn() >= '${formatLsn(await session.end())}' AS passed`,
  );
  expect(end?.passed).toBe(true);
  const client = await database.connect();
  const own = async (): Promise<number> => {
    const { rows } = await client.query<{ xid: string }>(
      'SELECT pg_current_xact_id()::text AS xid',
    );
    return Number(rows[0]?.xid);
  };
  await client.query('BEGIN');
  const open = await own();
  const before = await session.seen(null);
  // Its commit can be in the stream before the catalog shows what it altered.
  let isOver = false;
  const awaited = session.seen(open).finally(() => (isOver = true));
  await session.seen(null);
  await session.seen(null);
  expect(isOver).toBe(false);
  await client.query('COMMIT');
  const after = await awaited;
  expect([before, after].map((seen) => seen.sees(open))).toEqual([false, true]);
  expect(after.sees(await own())).toBe(false);
});
