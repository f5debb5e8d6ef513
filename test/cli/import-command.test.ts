import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CONNECTOR = {
  name: 'orders',
  config: {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'shop',
    'database.hostname': 'db',
    'database.user': 'u',
    'database.password': 'hunter2',
    'database.dbname': 'd',
    'plugin.name': 'pgoutput',
    'topic.creation.default.partitions': '1',
  },
  offsets: [{ partition: { server: 'shop' }, offset: { lsn: 5, messageType: 'COMMIT' } }],
};

/** A connector's file, and the command over it. */
async function place(connector: unknown = CONNECTOR) {
  const folder = await temporaryFolder('import');
  const source = path.join(folder.path, 'orders.json');
  const file = path.join(folder.path, 'orders.yaml');
  writeFileSync(source, JSON.stringify(connector));
  const run = (...flags: string[]) =>
    runProgram(['import', 'debezium', source, '-o', file, ...flags]);
  return { run, file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test('says what was written, left out and kept from sight, and what comes next', async () => {
  await using at = await place();
  const { code, stdout, stderr } = await at.run();
  expect(code).toBe(0);
  expect(stdout).toContain(`Wrote ${at.file}, from the connector orders of `);
  expect(stdout).toContain('The offset of the connector is stored');
  expect(stdout).toContain('  export ORDERS_DATABASE_PASSWORD=…\n  tidemark check ');
  expect(stdout + stderr).toContain('left out: topic.creation.default.partitions: ');
  expect(stdout + stderr).toContain('it must be stopped');
  expect(stdout + stderr + readFileSync(at.file, 'utf8')).not.toContain('hunter2');
});

test('--dry-run prints the file and writes nothing', async () => {
  await using at = await place();
  const { code, stdout } = await at.run('--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# The connector orders of .*\nname: orders\n/s);
  expect(stdout).toContain('Nothing was written.');
  expect(existsSync(at.file)).toBe(false);
});

test('--json has everything, also what would be refused, and no secret', async () => {
  await using at = await place({
    ...CONNECTOR,
    offsets: [{ offset: { lsn: 5, snapshot: 'INITIAL' } }],
  });
  const { code, stdout } = await at.run('--dry-run', '--json');
  expect(code).toBe(3);
  expect(stdout).not.toContain('hunter2');
  expect(JSON.parse(stdout)).toMatchObject({
    connector: { name: 'orders', state: null },
    file: at.file,
    adoption: 'adopted',
    secrets: ['ORDERS_DATABASE_PASSWORD'],
    errors: [{ code: 'HANDOVER_REFUSED' }],
  });
  const real = await at.run();
  expect(real).toMatchObject({ code: 3, stdout: '' });
  expect(real.stderr).toMatch(/^HANDOVER_REFUSED {2}.*snapshot is not complete/);
});
