import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { StoredShapes } from '../../src/runtime/stored-shapes.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { runProgram } from '../support/cli-process.ts';
import { column, schemaOf, shape } from '../support/shape-fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PIPELINE = `name: shop
transport: { type: embedded, path: ./log }
source: { connector.class: postgres, database.hostname: localhost, database.dbname: shop,
  database.user: me, topic.prefix: shop }
`;

// Each command is a start of the program.
test('the history of a table: listed, shown, compared, exported', { timeout: 90_000 }, async () => {
  await using folder = await temporaryFolder('schema-command');
  const file = path.join(folder.path, 'shop.yaml');
  await writeFile(file, PIPELINE);
  {
    const log = path.join(folder.path, 'log');
    await using transport = await openEmbeddedTransport({
      path: log,
      maxBytes: 64 * 1024 * 1024,
      clock: systemClock,
    });
    const shapes = new StoredShapes(transport.documents, 'shop');
    for (const [i, type] of ['int32', 'int64'].entries()) {
      const schema = schemaOf({ id: { type: type as 'int32', optional: false } });
      const id = column('id', { type: i === 0 ? 'integer' : 'bigint', nullable: false });
      const ddl = i === 0 ? null : 'ALTER TABLE t ALTER id TYPE bigint';
      const place = { event: String(i), position: `0/${i + 1}`, atMs: i, ddl };
      await shapes.store('public.t', { ...place, after: { shape: shape([id]), schema } });
    }
  }
  const schema = async (command: string, ...more: string[]) => {
    const { stdout, stderr } = await runProgram(['schema', command, file, ...more]);
    return stdout + stderr;
  };
  const [list, history, show, diff, exported, unknown, wrong] = await Promise.all([
    schema('list'),
    schema('history', 'public.t'),
    schema('show', 'public.t', '--at', '0/1'),
    schema('diff', 'public.t', '1'),
    schema('export', 'public.t', '--at', '1', '--format', 'typescript'),
    schema('show', 'public.s'),
    schema('diff', 'public.t', 'soon'),
  ]);
  expect(list).toBe('public.t\n');
  expect(history).toMatch(/\n2 +1970-\S+ +0\/2 +column_widened id: integer → bigint +ALTER TABLE/);
  expect(show).toContain('public.t, version 1, from 0/1 on');
  expect(show).toMatch(/ {2}id +integer not null\n {2}key \(id\)/);
  expect(diff).toBe('column_widened id: integer → bigint\n');
  expect(exported).toContain('export interface ShopPublicTValue {\n  readonly id: number;\n}');
  expect(unknown).toContain('public.s has no history of shapes: there are public.t');
  expect(wrong).toContain('soon is no version, no position and no time');
});
