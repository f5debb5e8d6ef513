import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ConfluentRegistry } from '../../src/converter/registry/confluent-registry.ts';
import {
  changesIn,
  eventually,
  heldIn,
  registryPipeline,
  setLevel,
  untilReleased,
} from '../support/registry-pipeline.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { tailTopic } from '../../src/runtime/topic-tail.ts';
import { startRegistryFront } from '../support/registry-front.ts';
import type { RegistryServer } from '../support/registry-server.ts';
import { startRegistry } from '../support/registry-server.ts';
import { registrySettingsFor } from '../support/registry-settings.ts';
import { runningPipeline } from '../support/running-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Of this file: it is paused. Its level is BACKWARD, where no subject has its own. */
let registry: RegistryServer;
let made = 0;

beforeAll(async () => {
  registry = await startRegistry();
  await setLevel(registry, null, 'BACKWARD');
});

const setup = (source: Readonly<Record<string, unknown>> = {}) =>
  registryPipeline(registry, `s${made++}`, source);

afterAll(() => registry[Symbol.asyncDispose]());

describe('a table whose new schema the registry refuses', () => {
  test('is held alone, and goes on in order when its level is changed', async () => {
    const { database, options, orders, others } = await setup();
    await using running = await runningPipeline(database, options);
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
    await database.query(`ALTER TABLE orders ALTER qty TYPE text`);
    await database.query(
      `INSERT INTO orders VALUES (2, 'two'); UPDATE orders SET qty = 'x' WHERE id = 1`,
    );
    await database.query(`DELETE FROM orders WHERE id = 2; INSERT INTO others VALUES (1)`);
    await running.records(others, 1);
    await running.caughtUp();
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
    expect(heldIn(running)).toEqual([
      {
        topic: orders,
        code: 'SCHEMA_INCOMPATIBLE',
        message: expect.stringContaining(
          'field qty was int or null, is string or null: BACKWARD forbids it',
        ) as string,
        cure: expect.stringContaining(`PUT /config/${orders}-value`) as string,
      },
    ]);
    const status = running.pipeline.status();
    expect(status).toMatchObject({ healthy: false, source: { state: 'running', error: null } });
    await setLevel(registry, `${orders}-value`, 'NONE');
    await untilReleased(running, database);
    await database.query(`INSERT INTO orders VALUES (3, 'three')`);
    const told = ['r 1 10', 'c 2 two', 'u 1 x', 'd 2', 'tombstone 2', 'c 3 three'];
    expect(await changesIn(running, orders, told.length)).toEqual(told);
    expect(running.pipeline.status().healthy).toBe(true);
    const holding = await running.pipeline.transport.describeTopic(`__tidemark.held.${orders}`);
    const left = holding?.partitions[0];
    expect(left?.startOffset).toBe(left?.endOffset);
    expect(running.lines.join('\n')).toMatch(/the schema of subject .* changes: field qty was int/);
  });

  /*
   * Never by surprise: before the registry hears of the schema, the alert that names the field is
   * stored, even where the row came with its ALTER in one transaction.
   */
  test.each(['avro', 'jsonschema'])('is told before the registry is asked: %s', async (format) => {
    await using front = await startRegistryFront({ target: registry.origin });
    const url = `${front.origin}${new URL(registry.url).pathname}`;
    const { database, options, orders, others } = await setup({
      'key.converter': format,
      'value.converter': format,
      'key.converter.schema.registry.url': url,
      'value.converter.schema.registry.url': url,
    });
    await using running = await runningPipeline(database, options);
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
    const alerts = () => running.pipeline.alerts?.history() ?? [];
    /** What was stored when the registry was asked for the new schema, the first step to it. */
    const knownThen: string[] = [];
    front.onRequest = ({ method, path }) => {
      // A verdict asks what it would say; the schema itself is looked up first.
      const isAsked = path.includes('/compatibility/');
      if (method !== 'POST' || isAsked || !path.includes(`/subjects/${orders}-value`)) return;
      knownThen.push(
        alerts()
          .map(({ notice }) => `${notice.severity} ${notice.title}`)
          .join('; '),
      );
    };
    await database.query(`BEGIN; ALTER TABLE orders ALTER qty TYPE text;
      INSERT INTO orders VALUES (2, 'two'); COMMIT; INSERT INTO others VALUES (1)`);
    await running.records(others, 1);
    await eventually(() => heldIn(running).length === 1);
    expect(heldIn(running)).toMatchObject([{ topic: orders, code: 'SCHEMA_INCOMPATIBLE' }]);
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
    expect(knownThen.length).toBeGreaterThan(0);
    // Its rows were rewritten, too, which is told where the file had been seen before.
    const first = /^breaking public\.orders\.qty is text now \(was integer\)/;
    expect(knownThen.filter((then) => !first.test(then))).toEqual([]);
    // That the table is held is told as well, once a look at the conditions has seen it.
    const [stored, ...more] = alerts().filter(({ notice }) => notice.status === 'event');
    expect(more).toEqual([]);
    expect(JSON.stringify(stored?.notice)).toContain(
      'field qty was int or null, is string or null',
    );
  });

  test('stays held over a restart, which writes nothing before what is held', async () => {
    const { database, options, orders } = await setup();
    await using folder = await temporaryFolder('held');
    const given = { ...options, folder: folder.path };
    {
      await using running = await runningPipeline(database, given);
      await changesIn(running, orders, 1);
      await database.query(`ALTER TABLE orders ALTER qty TYPE text`);
      await database.query(`INSERT INTO orders VALUES (2, 'two')`);
      await eventually(() => heldIn(running).length === 1);
      await running.caughtUp();
    }
    await database.query(`UPDATE orders SET qty = 'newer' WHERE id = 2`);
    await setLevel(registry, `${orders}-value`, 'NONE');
    await using running = await runningPipeline(database, given);
    await database.query(`INSERT INTO orders VALUES (3, 'three')`);
    const told = ['r 1 10', 'c 2 two', 'u 2 newer', 'c 3 three'];
    expect(await changesIn(running, orders, told.length)).toEqual(told);
    expect(heldIn(running)).toEqual([]);
  });

  test('under transforms, too', async () => {
    const { database, options, orders, others } = await setup({
      transforms: 'unwrap',
      'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    });
    await using running = await runningPipeline(database, options);
    await running.records(orders, 1);
    await database.query(`ALTER TABLE orders ALTER qty TYPE text`);
    await database.query(`INSERT INTO orders VALUES (2, 'two'); INSERT INTO others VALUES (1)`);
    await running.records(others, 1);
    expect(heldIn(running)).toMatchObject([{ topic: orders }]);
    await setLevel(registry, `${orders}-value`, 'NONE');
    await untilReleased(running, database);
    const values = (await running.records(orders, 2)).map(({ value }) => value);
    expect(values).toMatchObject([
      { id: 1, qty: 10 },
      { id: 2, qty: 'two' },
    ]);
  });

  test('at the first start stops at once: nothing has been read yet', async () => {
    const { database, options, orders } = await setup();
    const subject = `${orders}-value`;
    await new ConfluentRegistry(registrySettingsFor(registry.url)).register(subject, '"string"');
    await using running = await runningPipeline(database, options);
    expect(running.pipeline.sourceFailure()).toMatchObject({ code: 'SCHEMA_INCOMPATIBLE' });
  });
});

describe('a registry that is away', () => {
  test('makes the source wait, alive, longer than the server would wait for us', async () => {
    const { database, options, orders } = await setup();
    await database.query(`ALTER DATABASE ${database.name} SET wal_sender_timeout = '2s'`);
    await using running = await runningPipeline(database, options);
    await changesIn(running, orders, 1);
    const sender = async (): Promise<{ readonly pid: unknown; readonly replied: number }> => {
      const [row] = await database.query(
        `SELECT pid, extract(epoch FROM reply_time)::float8 AS replied FROM pg_stat_replication r
         JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.database = current_database()`,
      );
      return { pid: row?.['pid'], replied: Number(row?.['replied']) };
    };
    const before = await sender();
    registry.pause();
    await database.query(
      `ALTER TABLE orders ADD note text; INSERT INTO orders VALUES (2, 20, 'n')`,
    );
    await eventually(() => running.pipeline.status().source.error?.code === 'REGISTRY_CONNECT');
    expect(running.pipeline.status()).toMatchObject({
      healthy: false,
      source: { state: 'running', connected: true },
    });
    await eventually(async () => (await sender()).replied > before.replied + 4);
    registry.resume();
    expect(await changesIn(running, orders, 2)).toEqual(['r 1 10', 'c 2 20']);
    await eventually(() => running.pipeline.status().healthy);
    expect((await sender()).pid).toBe(before.pid);
  });

  test('at the first start is told at once', async () => {
    const { database, options } = await setup();
    const away = { 'value.converter.schema.registry.url': 'http://127.0.0.1:1' };
    const source = { ...options.source, ...away };
    await using running = await runningPipeline(database, { ...options, source });
    expect(running.pipeline.sourceFailure()).toMatchObject({ code: 'REGISTRY_CONNECT' });
  });

  test('at a later start is waited for before anything is read', async () => {
    await using front = await startRegistryFront({ target: registry.origin });
    const url = `${front.origin}${new URL(registry.url).pathname}`;
    const { database, options, orders } = await setup({
      'heartbeat.interval.ms': '1m',
      'key.converter.schema.registry.url': url,
      'value.converter.schema.registry.url': url,
    });
    await using folder = await temporaryFolder('restarted');
    const again = { ...options, folder: folder.path };
    {
      await using first = await runningPipeline(database, again);
      await changesIn(first, orders, 1);
    }
    front.behaviour = 500;
    const before = front.requests.length;
    const restarted = runningPipeline(database, again);
    restarted.catch(() => undefined);
    await eventually(() => front.requests.length > before + 2);
    front.behaviour = 'pass';
    await using running = await restarted;
    expect(running.pipeline.sourceFailure()).toBeNull();
    expect(running.lines.join('\n')).toContain('the source waits for the schema registry');
    await database.query('INSERT INTO orders VALUES (2, 20)');
    expect(await changesIn(running, orders, 2)).toEqual(['r 1 10', 'c 2 20']);
  });

  test('does not keep the daemon from stopping', async () => {
    const { database, options, orders } = await setup();
    const running = await runningPipeline(database, options);
    await changesIn(running, orders, 1);
    registry.pause();
    onTestFinished(() => registry.resume());
    await database.query(
      `ALTER TABLE orders ADD note text; INSERT INTO orders VALUES (2, 20, 'n')`,
    );
    await eventually(() => running.pipeline.status().source.error?.code === 'REGISTRY_CONNECT');
    await running[Symbol.asyncDispose]();
    const [slot] = await database.query(
      `SELECT active FROM pg_replication_slots WHERE database = current_database()`,
    );
    expect(slot).toEqual({ active: false });
  });
});

test.each(['avro', 'jsonschema'])(
  'rows pass through %s of a registry into a target, and tail shows them',
  async (converter) => {
    const { database, options, orders } = await setup({
      'key.converter': converter,
      'value.converter': converter,
    });
    await database.query(`
      ALTER TABLE orders ADD price numeric(8,2), ADD tags text[], ADD at timestamptz;
      UPDATE orders SET price = 1.50, tags = '{a,"ä"}', at = '2024-02-29 12:00:00.5+00'`);
    await using target = await freshDatabase();
    const sink = {
      name: 'copy',
      'connector.class': 'jdbc',
      'connection.url': `jdbc:postgresql://${target.host}:${target.port}/${target.name}`,
      'connection.user': target.user,
      'connection.password': target.password,
      'auto.create': true,
      'table.name.format': 'copied',
      topics: orders,
    };
    await using running = await runningPipeline(database, { ...options, sinks: [sink] });
    await database.query(`INSERT INTO orders VALUES (2, 20, -0.01, '{}', 'infinity')`);
    await database.query(
      `UPDATE orders SET qty = 11 WHERE id = 1; DELETE FROM orders WHERE id = 2;
       INSERT INTO orders (id) VALUES (3)`,
    );
    const rows = (from: TestDatabase, table: string): Promise<unknown> =>
      from.query(`SELECT id, qty, price, at FROM ${table} ORDER BY id`).catch(() => null);
    await eventually(async () => {
      const [there, here] = [await rows(target, 'copied'), await rows(database, 'orders')];
      return JSON.stringify(there) === JSON.stringify(here);
    });
    const { signal } = new AbortController();
    const shown = { fromBeginning: true, follow: false, limit: 1, clock: systemClock, signal };
    const place = { config: running.config };
    for await (const record of tailTopic({ ...shown, place, topic: orders })) {
      expect(record).toMatchObject({
        key: { id: 1 },
        value: { op: 'r', after: { id: 1, qty: 10, price: '1.50', tags: ['a', 'ä'] } },
      });
    }
  },
);
