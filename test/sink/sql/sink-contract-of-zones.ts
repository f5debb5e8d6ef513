import { expect, test } from 'vitest';
import { must } from '../../../src/foundation/assert.ts';
import { timeZone } from '../../../src/foundation/time-zone.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

/** Types of columns that somebody made, and what the sink makes by itself. */
interface ZoneFacts {
  /** With a zone. */
  readonly instant: string;
  /** Without one. */
  readonly moment: string;
  readonly clock: string;
  /** Seconds since 1970 of a column with a zone. */
  readonly epoch: (column: string) => string;
  /** What an instant is shown as in a column without a zone; texts tell theirs. */
  readonly told: string;
  readonly toldClock: string;
}

const TOLD = { told: '2024-07-01 14:00:00.123456', toldClock: '10:30:00' };

const SECOND = Date.parse('2024-07-01T12:00:00Z') / 1000;

const FACTS: Readonly<Record<string, ZoneFacts>> = {
  postgres: {
    instant: 'timestamptz',
    moment: 'timestamp',
    clock: 'time',
    epoch: (name) => `EXTRACT(EPOCH FROM ${name})`,
    ...TOLD,
  },
  mysql: {
    instant: 'timestamp(6) NULL',
    moment: 'datetime(6)',
    clock: 'time',
    epoch: (name) => `UNIX_TIMESTAMP(${name})`,
    ...TOLD,
  },
  sqlite: {
    instant: 'text',
    moment: 'datetime',
    clock: 'text',
    epoch: (name) => `strftime('%s', ${name})`,
    told: '2024-07-01 12:00:00.123456Z',
    toldClock: '09:30:00Z',
  },
};

/** DuckDB's columns of instants have to have a zone: others are refused, whatever is asked for. */
const ZONED_ONLY = 'duckdb';

const zoned = (field: string, kind: string) =>
  column(field, null, { type: 'string', name: `io.debezium.time.${kind}`, version: 1 });

async function expectZonedOnly(target: SinkTarget): Promise<void> {
  const zones = { times: null, dates: null, zoned: timeZone('Europe/Berlin') };
  await using sink = await startTargetSink(target, { zones });
  const columns = [
    column('id', 'integer', { type: 'int32', optional: false }),
    zoned('told', 'ZonedTimestamp'),
  ];
  await target.query('CREATE TABLE people (id integer PRIMARY KEY, told timestamp)');
  const people = new SinkTopic({ table: 'people', columns, key: ['id'] });
  const pets = new SinkTopic({ table: 'pets', columns, key: ['id'] });
  const row = { id: 1, told: '2024-07-01T12:00:00Z' };
  await put(sink, [people.insert(row)]);
  await put(sink, [pets.insert(row)]);
  const message = expect.stringContaining('column told') as string;
  expect(sink.status().parked).toMatchObject([
    { table: 'main.people', code: 'SINK_SCHEMA', message },
  ]);
  const rows = await target.query('SELECT epoch(told) AS second FROM pets');
  expect(rows.map(({ second }) => Number(second))).toEqual([SECOND]);
}

/** Whose clocks tell times that have a zone, whatever the product. */
export const contractOfZones = describeTarget((fresh) => {
  test('use.time.zone tells times with a zone where the column has none', async () => {
    await using target = await fresh();
    if (target.dialect.name === ZONED_ONLY) {
      await expectZonedOnly(target);
      return;
    }
    const { instant, moment, clock, epoch, told, toldClock } = must(
      FACTS[target.dialect.name],
      target.dialect.name,
    );
    const zones = { times: null, dates: null, zoned: timeZone('Europe/Berlin') };
    await using sink = await startTargetSink(target, { zones });
    const types = `kept ${instant}, told ${moment}, clock ${clock}, own ${moment}`;
    await target.query(`CREATE TABLE people (id integer PRIMARY KEY, ${types})`);
    await target.query(`CREATE TABLE log (id integer, ${types})`);
    const columns = [
      column('id', 'integer', { type: 'int32', optional: false }),
      zoned('kept', 'ZonedTimestamp'),
      zoned('told', 'ZonedTimestamp'),
      zoned('clock', 'ZonedTime'),
      column('own', null, { type: 'int64', name: 'io.debezium.time.MicroTimestamp', version: 1 }),
    ];
    const topic = new SinkTopic({ table: 'people', columns, key: ['id'] });
    const keyless = new SinkTopic({ table: 'log', columns, key: [] });
    const text = '2024-07-01T12:00:00.123456Z';
    const own = BigInt(Date.parse('2024-07-01T12:00:00Z')) * 1000n + 123_456n;
    const row = { kept: text, told: text, clock: '09:30:00Z', own };
    await put(sink, [
      topic.insert({ id: 1, ...row, told: null }),
      topic.update({ id: 1, ...row }),
      topic.insert({ id: 2 }),
    ]);
    // Rows without a key are found by what they show.
    await put(sink, [keyless.insert({ id: 1, ...row }), keyless.insert({ id: 2, ...row })]);
    await put(sink, [keyless.delete({ id: 1, ...row })]);
    expect(sink.status().parked).toEqual([]);
    const shown = ['told', 'clock', 'own'].map(
      (field) => `TRIM(CAST(${field} AS CHAR(30))) AS ${field}`,
    );
    const select = `SELECT id, ${epoch('kept')} AS kept, ${shown.join(', ')}`;
    const rows = async (table: string) =>
      (await target.query(`${select} FROM ${table} ORDER BY id`)).map(({ kept, ...rest }) => ({
        ...rest,
        kept: kept === null ? null : Math.floor(Number(kept)),
      }));
    const written = { kept: SECOND, told, clock: toldClock, own: '2024-07-01 12:00:00.123456' };
    expect(await rows('people')).toEqual([
      { id: 1, ...written },
      { id: 2, kept: null, told: null, clock: null, own: null },
    ]);
    expect(await rows('log')).toEqual([{ id: 2, ...written }]);
  });

  test('a key that the clocks show twice is not written over the first', async () => {
    await using target = await fresh();
    const { name } = target.dialect;
    const { moment } = FACTS[name] ?? { moment: 'timestamp' };
    const zones = { times: null, dates: null, zoned: timeZone('Europe/Berlin') };
    await using sink = await startTargetSink(target, { zones });
    await target.query(`CREATE TABLE people (told ${moment} PRIMARY KEY, n integer)`);
    const columns = [zoned('told', 'ZonedTimestamp'), column('n', null, { type: 'int32' })];
    const topic = new SinkTopic({ table: 'people', columns, key: ['told'] });
    await put(sink, [
      topic.insert({ told: '2024-10-27T00:30:00Z', n: 1 }),
      topic.insert({ told: '2024-10-27T01:30:00Z', n: 2 }),
    ]);
    const tells = target.dialect.zoneInTexts === true;
    if (name === ZONED_ONLY) {
      expect(sink.status().parked).toMatchObject([{ offset: 0, code: 'SINK_SCHEMA' }]);
      return;
    }
    expect(sink.status().parked).toMatchObject(
      tells ? [] : [{ offset: 1, message: expect.stringMatching(/shown this already/) as string }],
    );
    const rows = await target.query('SELECT n FROM people ORDER BY n');
    expect(rows.map(({ n }) => n)).toEqual(tells ? [1, 2] : [1]);
  });
});
