import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { freshDatabase, startOwnServer, type TestDatabase } from '../support/postgres.ts';
import { type ShopChange, shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';

interface Refusal {
  readonly code: string;
  /** What the cure has to name. */
  readonly cure: RegExp;
  readonly change?: ShopChange;
}

/** What a start that is refused may leave on the source: nothing that was not there before. */
const OBJECTS = `
  SELECT 'slot ' || slot_name AS object FROM pg_replication_slots
    WHERE database = current_database()
  UNION ALL SELECT 'publication ' || pubname FROM pg_publication
  UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
  ORDER BY 1`;

/** `run` and `bootstrap` end with the one error, and leave source and target as they were. */
async function expectRefused(source: TestDatabase, refusal: Refusal): Promise<void> {
  await using target = await freshDatabase();
  const before = await source.query(OBJECTS);
  const attempt = async (command: string): Promise<void> => {
    await using pipeline = await shopPipeline(source, target, refusal.change);
    const { code, stdout, stderr } = await runProgram([command, pipeline.file]);
    expect({ command, code, stdout, stderr }).toMatchObject({ code: 3, stdout: '' });
    const [message, cure, more, ...rest] = stderr.trimEnd().split('\n');
    expect(message).toMatch(new RegExp(`^${refusal.code}  \\S`));
    expect(cure).toMatch(refusal.cure);
    expect([more, ...rest]).toEqual([`More: tidemark explain ${refusal.code}`]);
    expect(existsSync(path.join(pipeline.folder, 'shop-data', 'spool'))).toBe(false);
  };
  await Promise.all(['run', 'bootstrap'].map(attempt));
  expect(await source.query(OBJECTS)).toEqual(before);
  expect(await target.query(OBJECTS)).toEqual([]);
}

test('a role that may not replicate', async () => {
  await using source = await shopDatabase();
  const role = `role_${source.name}`;
  await source.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON t TO ${role};
     CREATE PUBLICATION p FOR TABLE t`,
  );
  try {
    await expectRefused(source, {
      code: 'PG_NO_REPLICATION_RIGHT',
      cure: new RegExp(`^cure: .*ALTER ROLE "${role}" REPLICATION`),
      change: {
        source: {
          'database.user': role,
          'database.password': 'x',
          'publication.name': 'p',
          'publication.autocreate.mode': 'disabled',
          'table.include.list': 'public\\.t',
        },
      },
    });
  } finally {
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('a server that writes no logical WAL', async () => {
  await using server = await startOwnServer({ settings: { wal_level: 'replica' } });
  await using source = await server.freshDatabase();
  await source.query('CREATE TABLE t (id int PRIMARY KEY)');
  await expectRefused(source, {
    code: 'PG_WAL_LEVEL',
    cure: /^cure: .*ALTER SYSTEM SET wal_level = 'logical'/,
  });
});

test('a slot that another reader has', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await using other = await shopPipeline(source, target);
  const stop = new AbortController();
  const daemon = runProgram(['run', other.file], {}, stop.signal);
  await source.until(`SELECT count(*) = 1 FROM pg_replication_slots
    WHERE database = current_database() AND active AND confirmed_flush_lsn IS NOT NULL`);
  await expectRefused(source, { code: 'PG_SLOT_IN_USE', cure: /^cure: \S/ });
  stop.abort();
  expect((await daemon).code).toBe(0);
});

test('a slot that is there while the store has no offset for it', async () => {
  await using source = await shopDatabase();
  const slot = `slot_${source.name}`;
  await source.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  await expectRefused(source, {
    code: 'PG_SLOT_MISMATCH',
    cure: new RegExp(`^cure: .*pg_drop_replication_slot\\('${slot}'\\)`),
  });
});
