import { readFile, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { Daemon } from '../support/daemon.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

const SLOT = 'tidemark_copy';
const HEALS = '  retention.budget.exceeded: drop_and_heal\n';

/** An hour that is not now: until then nothing is read again, and the gap stays open. */
function otherHours(): string {
  const from = (new Date().getUTCHours() + 12) % 24;
  const hour = (n: number): string => `${String(n % 24).padStart(2, '0')}:00`;
  return `  snapshot.window: "${hour(from)}-${hour(from + 1)}"\n`;
}

const SCHEMA = `
  CREATE TABLE item (id int PRIMARY KEY, v text, doc text);
  ALTER TABLE item ALTER doc SET STORAGE EXTERNAL;
  INSERT INTO item SELECT n, 'old ' || n, repeat(md5(n::text), 100) FROM generate_series(1, 50) n;
  CREATE TABLE note (n int, v text);
  ALTER TABLE note REPLICA IDENTITY FULL;
  INSERT INTO note SELECT n, 'note ' || n FROM generate_series(1, 20) n;
  CREATE TABLE emptied (id int PRIMARY KEY, v text);
  INSERT INTO emptied VALUES (1, 'gone'), (2, 'gone too');
  CREATE TABLE filler (id bigserial PRIMARY KEY, v text);
  INSERT INTO filler (v) VALUES ('first');
`;

/** All that a gap can take, each kind at least once. */
const IN_THE_GAP = `
  DELETE FROM item WHERE id % 7 = 0;
  UPDATE item SET id = id + 1000 WHERE id % 7 = 1;
  UPDATE item SET v = 'new' WHERE id % 7 = 2;
  INSERT INTO item SELECT n, 'late', repeat(md5(n::text), 100) FROM generate_series(60, 70) n;
  ALTER TABLE item ADD COLUMN extra int;
  UPDATE item SET extra = id WHERE id % 2 = 0;
  DELETE FROM note WHERE n % 3 = 0;
  INSERT INTO note VALUES (1, 'note 1'), (99, 'new');
  TRUNCATE emptied;
  INSERT INTO emptied VALUES (3, 'after');
`;

const QUESTIONS = [
  'SELECT id, v, md5(doc) AS doc, extra FROM item ORDER BY id',
  'SELECT n, v FROM note ORDER BY n, v',
  'SELECT id, v FROM emptied ORDER BY id',
  'SELECT count(*)::int AS n FROM filler',
] as const;

interface Slot {
  readonly restart_lsn: string | null;
  readonly kept: number;
  readonly wal_status: string | null;
}

/** Absent: there is none. */
async function slotOf(client: pg.Client): Promise<Slot | undefined> {
  const { rows } = await client.query<Slot>(
    `SELECT restart_lsn, wal_status,
       pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 AS kept
     FROM pg_replication_slots WHERE slot_name = $1`,
    [SLOT],
  );
  return rows[0];
}

/** Whether the first place is behind the second, by the server. */
async function isBehind(client: pg.Client, one: string, other: string): Promise<boolean> {
  const { rows } = await client.query<{ behind: boolean }>(
    'SELECT $1::pg_lsn > $2::pg_lsn AS behind',
    [one, other],
  );
  return rows[0]?.behind === true;
}

async function untilEqual(pipeline: DaemonPipeline, daemon: Daemon): Promise<void> {
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  await vi.waitFor(
    async () => {
      for (const question of QUESTIONS) {
        const [wanted, got] = [await source.query(question), await warehouse.query(question)];
        expect(got.rows, `${question}\n${daemon.output}`).toEqual(wanted.rows);
      }
    },
    { timeout: 120_000, interval: 100 },
  );
}

function gapOf(offset: Readonly<Record<string, unknown>> | null): Record<string, unknown> | null {
  const text = offset?.['tidemark.gap'];
  return typeof text === 'string' ? (JSON.parse(text) as Record<string, unknown>) : null;
}

interface Told {
  readonly class: string;
  readonly status: string;
}

async function alertsOf({ port }: DaemonPipeline): Promise<readonly Told[]> {
  const response = await fetch(`http://127.0.0.1:${port}/alerts/history`);
  const history = (await response.json()) as readonly { readonly notice: Told }[];
  return history.map(({ notice }) => notice);
}

/** Alerts as they were told, as `class status`. */
async function untilTold(pipeline: DaemonPipeline, ...wanted: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const told = (await alertsOf(pipeline)).map((alert) => `${alert.class} ${alert.status}`);
      expect(told).toEqual(expect.arrayContaining([...wanted]));
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** More than the store takes, and then more than the server is to keep. */
const LOAD = `DO $$ BEGIN FOR part IN 0..219 LOOP
  INSERT INTO filler (v) SELECT (SELECT string_agg(md5(n::text || part || i), '')
    FROM generate_series(1, 64) i) FROM generate_series(1, 50) n;
  COMMIT;
END LOOP; END $$`;

/** Off by default: it is told, and nothing else. Returns where the slot stood then. */
async function heldBack(pipeline: DaemonPipeline, source: pg.Client): Promise<string> {
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await source.query(LOAD);
  await source.query(IN_THE_GAP);
  await source.query('TRUNCATE filler');
  await daemon.until(({ source: { error }, watch }) => {
    const left = watch?.retention?.budget?.leftPercent;
    return error?.code === 'STORE_FULL' && left === 0;
  });
  const before = (await slotOf(source))?.restart_lsn ?? '';
  await untilTold(pipeline, 'budget.retention firing');
  const { uptimeMs } = await daemon.until(() => true);
  await daemon.until((status) => status.uptimeMs > uptimeMs + 1500);
  expect(await slotOf(source)).toMatchObject({ restart_lsn: before });
  daemon.kill();
  await daemon.ended;
  return before;
}

/** The store is as full as before: all that has to be durable is. */
async function givenUp(pipeline: DaemonPipeline, source: pg.Client, before: string): Promise<void> {
  await using daemon = Daemon.start(pipeline);
  const status = await daemon.until(({ source: { offset } }) => {
    const to = gapOf(offset)?.['to'] ?? null;
    return to !== null;
  });
  const gap = gapOf(status.source.offset);
  const slot = await slotOf(source);
  expect(await isBehind(source, slot?.restart_lsn ?? '', before)).toBe(true);
  expect(slot?.kept).toBeLessThan(4 * 1024 * 1024);
  expect(await isBehind(source, String(gap?.['to']), String(gap?.['from']))).toBe(true);
  await untilTold(pipeline, 'source.slot_dropped event', 'source.gap firing');
  daemon.kill();
  await daemon.ended;
}

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';

/** One version each where time counts. */
const versions = (first: number): readonly number[] => (ALL ? [18, 14] : [first]);

describe('a slot that is given up', () => {
  test.each(versions(18))(
    'when the budget is used up: WAL goes, and the target is the source again (%i)',
    async (major) => {
      await using pipeline = await daemonPipeline({
        schema: SCHEMA,
        major,
        extraSource:
          '  status.update.interval.ms: 100\n  stall.watch.interval.ms: 100\n' +
          '  retention.budget.bytes: 4mb\n  retention.budget.drop.after.ms: 300\n' +
          '  notification.enabled.channels: log\n',
      });
      const { file } = pipeline;
      const text = `alerts: { resolve.after: 1s }\n${await readFile(file, 'utf8')}`;
      const small = text.replace('type: embedded,', 'type: embedded, max.bytes: 16mb,');
      const source = await pipeline.connect('source');
      await writeFile(file, small);
      const before = await heldBack(pipeline, source);
      await writeFile(file, small.replace('sinks:\n', `${HEALS}${otherHours()}sinks:\n`));
      await givenUp(pipeline, source, before);
      await writeFile(file, text.replace('sinks:\n', `${HEALS}sinks:\n`));
      await using daemon = Daemon.start(pipeline);
      await source.query(`INSERT INTO item VALUES (5000, 'behind', 'the gap', 1)`);
      await source.query(`UPDATE item SET v = 'short' WHERE id = 3`);
      await untilEqual(pipeline, daemon);
      await daemon.until(({ source: { offset } }) => gapOf(offset) === null);
      await untilTold(pipeline, 'source.gap resolved');
      expect(daemon.output).toContain('Source Gap COMPLETED');
      expect(await daemon.stop()).toBe(0);
    },
  );

  test.each(versions(14))(
    'when the server has lost it, with kill -9 behind each step (P106, %i)',
    async (major) => {
      await using pipeline = await daemonPipeline({
        schema: SCHEMA,
        major,
        serverSettings: {
          max_slot_wal_keep_size: '1MB',
          min_wal_size: '32MB',
          max_wal_size: '32MB',
        },
        extraSource: '  status.update.interval.ms: 100\n',
      });
      const { file, port } = pipeline;
      const source = await pipeline.connect('source');
      {
        await using daemon = Daemon.start({ file, port });
        await untilStreamed(daemon);
        expect(await daemon.stop()).toBe(0);
      }
      await source.query(IN_THE_GAP);
      await vi.waitFor(
        async () => {
          await source.query(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))`);
          await source.query('SELECT pg_switch_wal()');
          await source.query('CHECKPOINT');
          expect((await slotOf(source))?.wal_status).toBe('lost');
        },
        { timeout: 60_000, interval: 10 },
      );
      {
        // Nobody has asked for it: the error of always.
        await using daemon = Daemon.start({ file, port });
        expect(await daemon.ended).toMatchObject({ code: 3 });
        expect(daemon.output).toContain('PG_SLOT_LOST');
        expect((await slotOf(source))?.wal_status).toBe('lost');
      }
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('sinks:\n', `${HEALS}sinks:\n`));
      const steps = [
        'gap.intended',
        'gap.dropped',
        'gap.made',
        'gap.marked',
        'gap.healed',
      ] as const;
      const left = new Map<FaultPoint, boolean>();
      for (const [i, step] of steps.entries()) {
        await using daemon = Daemon.start({ file, port, faultPoint: step });
        expect((await daemon.ended).signal, `${step}\n${daemon.output}`).toBe('SIGKILL');
        left.set(step, (await slotOf(source)) !== undefined);
        await source.query(`DELETE FROM item WHERE id = $1`, [10 + i]);
        await source.query(`UPDATE item SET v = v || 'x' WHERE id % 5 = 0`);
        await source.query(`INSERT INTO note VALUES ($1, 'meanwhile')`, [200 + i]);
      }
      expect([...left.values()]).toEqual([true, false, true, true, true]);
      await using daemon = Daemon.start({ file, port });
      await untilEqual(pipeline, daemon);
      await daemon.until(({ source: { offset } }) => gapOf(offset) === null);
      const told = (await alertsOf(pipeline)).filter((one) => one.class === 'source.slot_dropped');
      expect(told).toHaveLength(1);
      expect(await daemon.stop()).toBe(0);
    },
  );
});

async function untilStreamed(daemon: Daemon): Promise<void> {
  await daemon.until(
    ({ source, sinks }) => source.phase === 'streaming' && sinks[0]?.lagRecords === 0,
  );
}
