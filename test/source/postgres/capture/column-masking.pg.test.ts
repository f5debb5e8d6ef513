import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../support/postgres.ts';
import type { RunningPipeline } from '../../../support/running-pipeline.ts';
import { runningPipeline } from '../../../support/running-pipeline.ts';

/** One column of each kind of type, each with a value that would be seen anywhere. */
const COLUMNS: Readonly<Record<string, readonly [type: string, value: string]>> = {
  c_text: ['text', `'SECRET'`],
  c_varchar: ['varchar(90)', `'SECRET'`],
  c_char: ['char(90)', `'SECRET'`],
  c_name: ['name', `'SECRET'`],
  c_json: ['jsonb', `'{"k": "SECRET"}'`],
  c_xml: ['xml', `'<a>SECRET</a>'`],
  c_enum: ['mood', `'SECRET'`],
  c_domain: ['secret_text', `'SECRET'`],
  c_text_array: ['text[]', `'{SECRET,x}'`],
  c_enum_array: ['mood[]', `'{SECRET}'`],
  c_int: ['int', '987123'],
  c_int_array: ['int[][]', `'{{987123}}'`],
  c_bigint: ['bigint', '987123'],
  c_float: ['float8', '987123'],
  c_numeric: ['numeric(12,2)', '987123'],
  c_any_numeric: ['numeric', '987123'],
  c_money: ['money', '987123'],
  c_bytea: ['bytea', `'SECRET'`],
  c_uuid: ['uuid', `'98712398-7123-9871-2398-712398712398'`],
  c_date: ['date', `'9871-12-03'`],
  c_stamp: ['timestamptz', `'9871-12-03'`],
  c_time: ['time', `'09:08:07.987123'`],
  c_interval: ['interval', `'987123 days'`],
  c_inet: ['inet', `'98.71.23.98'`],
  c_point: ['point', `'(987123,987123)'`],
  c_range: ['int4range', `'[987123,987124)'`],
  c_bits: ['varbit(90)', `'10101010101010101010'`],
  c_tsvector: ['tsvector', `'SECRET'`],
  c_row: ['pair', `'(987123,SECRET)'`],
};
const NAMES = Object.keys(COLUMNS);
const TYPES = `CREATE TYPE mood AS ENUM ('calm', 'SECRET'); CREATE DOMAIN secret_text AS text;
  CREATE TYPE pair AS (a int, b text);`;
const LIST = NAMES.map((name) => `${name} ${COLUMNS[name]?.[0] ?? ''}`).join(', ');
const VALUES = NAMES.map((name) => COLUMNS[name]?.[1]).join(', ');
/** Also as base64, as hexadecimal, as numbers of days and microseconds. */
const SEEN =
  /SECRET|U0VDUkVU|534543524554|987123|98\.71\.23|9871-|987-?12398|1010101010|DxAA|\b2886\d{3}\b/i;

/** Every byte of every record of every topic; keys, values and headers. */
async function logText(running: RunningPipeline): Promise<string> {
  const { signal } = new AbortController();
  await using consumer = await running.pipeline.transport.consumer({
    group: 'all',
    topics: /^.*$/,
    register: false,
  });
  let text = '';
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 20, signal });
    const records = fetched.flatMap((batch) => batch.records);
    if (records.length === 0) return text;
    for (const { key, value, headers } of records) {
      for (const bytes of [key, value, ...headers.map((header) => header.value)]) {
        text += `${bytes?.toString('latin1') ?? ''}\n`;
      }
    }
  }
}

describe.each(['json', 'avro'])('in %s', (format) => {
  test.each<[string, Readonly<Record<string, unknown>>, string, number]>([
    [
      'asterisks hide every type, in both images, defaults, labels and nulls',
      { 'column.mask.with.3.chars': 'public\\.t\\.c_.*' },
      '',
      6,
    ],
    [
      'a digest hides every type, also in the key, and where the key moves',
      { 'column.mask.hash.v2.SHA-256.with.salt.pepper': 'public\\.t\\.c_.*' },
      'c_uuid, c_int, c_date',
      10,
    ],
  ])('%s', async (_, masks, key, count) => {
    await using database = await freshDatabase();
    await database.query(`${TYPES} CREATE TABLE t (id int NOT NULL, ${LIST});
      ALTER TABLE t ALTER c_text SET DEFAULT 'SECRET', ALTER c_int SET DEFAULT 987123,
        ALTER c_enum SET DEFAULT 'SECRET', ALTER c_bytea SET STORAGE EXTERNAL;
      ALTER TABLE t ADD PRIMARY KEY (${key === '' ? 'id' : key}), REPLICA IDENTITY FULL;
      INSERT INTO t VALUES (1, ${VALUES});`);
    await using running = await runningPipeline(database, {
      source: {
        ...masks,
        'include.unknown.datatypes': true,
        'key.converter': format,
        'value.converter': format,
        'array.handling.mode': 'all_text',
      },
    });
    await database.query(
      `UPDATE t SET c_name = 'SECRET2', c_bytea = repeat('SECRET', 5000)::bytea`,
    );
    await database.query(`UPDATE t SET c_name = NULL, c_float = 987123.5`);
    await database.query(
      key === ''
        ? `UPDATE t SET id = 1`
        : `UPDATE t SET c_uuid = '98712398-7123-9871-2398-712398712399'`,
    );
    await database.query(`TRUNCATE t; INSERT INTO t VALUES (2, ${VALUES}); DELETE FROM t`);
    const records = await running.records('shop.public.t', count);
    expect(await logText(running)).not.toMatch(SEEN);
    const value = records[0]?.value as { after: Record<string, unknown> } | undefined;
    const hidden = Object.entries(value?.after ?? {}).filter(([name]) => name !== 'id');
    expect(hidden.map(([name]) => name)).toEqual(NAMES);
    const shown = hidden.filter(([, text]) => !/^(\*{3}|[0-9a-f]{64,90})$/.test(String(text)));
    expect(shown).toEqual([]);
    expect(running.lines.join('\n')).not.toMatch(SEEN);
  });
});

test('without masks the pattern above finds what they hide', async () => {
  await using database = await freshDatabase();
  await database.query(`${TYPES} CREATE TABLE t (id int PRIMARY KEY, ${LIST});
    INSERT INTO t VALUES (1, ${VALUES});`);
  await using running = await runningPipeline(database, {
    source: { 'include.unknown.datatypes': true, 'value.converter': 'json' },
  });
  await running.records('shop.public.t', 1);
  expect(await logText(running)).toMatch(SEEN);
});

test('a mask that names nothing is told at the start, without its salt', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE t (id int PRIMARY KEY, mail text)`);
  await using running = await runningPipeline(database, {
    source: { 'column.mask.hash.v2.SHA-256.with.salt.pepper': 'public\\.t\\.mial' },
  });
  const text = running.lines.join('\n');
  expect(text).toContain('names no column of a captured table: it hides nothing');
  expect(text).not.toContain('pepper');
});
