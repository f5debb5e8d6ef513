import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { checkPipeline } from '../../src/runtime/check-pipeline.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { runningPipeline } from '../support/running-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Three columns: the key, one that fails for some values, and one of a type nobody knows. */
const CONVERTER = `
  import { appendFileSync } from 'node:fs';
  export default (column: any, properties: any) => {
    const line = column.table + '.' + column.name + ' ';
    if (properties.journal) appendFileSync(properties.journal, line);
    switch (column.name) {
      case 'code':
        return {
          schema: { type: 'string', name: 'acme.Code' },
          convert: (text: string) => properties.prefix + text,
        };
      case 'amount':
        return {
          schema: {
            type: 'struct',
            name: 'acme.Amount',
            fields: [
              { name: 'units', schema: { type: 'int64' } },
              { name: 'type', schema: { type: 'string', optional: true } },
            ],
          },
          convert: (text: string) => {
            if (text === '13.00') throw new Error('unlucky 13.00');
            return { units: BigInt(text.replace('.', '')), type: column.type };
          },
        };
      case 'pair':
        return { schema: { type: 'string' }, convert: (text: string) => text.slice(1, -1) };
      default:
        return null;
    }
  };
`;
const SCHEMA = `
  CREATE TYPE pair AS (a int, b int);
  CREATE TABLE item (code varchar(10) PRIMARY KEY, amount numeric(9,2) DEFAULT 1.5,
    pair pair, note text, secret text);
  INSERT INTO item VALUES ('a', 1.25, '(1,2)', 'n', 'hidden');
`;
const SOURCE = {
  converters: 'own',
  'own.type': './own.ts',
  'own.prefix': 'X-',
  'own.selector': 'public\\.item\\..*',
  'column.mask.with.3.chars': 'public\\.item\\.secret',
  'column.exclude.list': 'public\\.item\\.note',
};

describe.each(['json', 'avro'])('in %s', (format) => {
  test('snapshot and stream give the same, keys too, with masks and excludes', async () => {
    await using database = await freshDatabase();
    await database.query(SCHEMA);
    await using running = await runningPipeline(database, {
      source: { ...SOURCE, 'key.converter': format, 'value.converter': format },
      files: { 'own.ts': CONVERTER },
    });
    await database.query(`INSERT INTO item VALUES ('b', 1.25, '(1,2)', 'n', 'hidden')`);
    await database.query(`UPDATE item SET amount = NULL, code = 'c' WHERE code = 'b'`);
    await database.query(`DELETE FROM item WHERE code = 'c'`);
    const records = await running.records('shop.public.item', 7);
    const after = (i: number): unknown => (records[i]?.value as { after: unknown } | null)?.after;
    const row = (code: string, amount: unknown) => ({
      code: `X-${code}`,
      amount,
      pair: '1,2',
      secret: '***',
    });
    const amount = { units: 125, type: 'numeric(9,2)' };
    expect(records.map(({ key }) => key)).toEqual(
      ['a', 'b', 'b', 'b', 'c', 'c', 'c'].map((code) => ({ code: `X-${code}` })),
    );
    expect([after(0), after(1), after(4)]).toEqual([
      row('a', amount),
      row('b', amount),
      row('c', null),
    ]);
    expect(records[4]?.headers['__debezium.oldkey']).toContain('X-b');
    const field = (name: string) =>
      records[0]?.valueSchema?.fields
        ?.find((member) => member.name === 'after')
        ?.schema.fields?.find((member) => member.name === name)?.schema;
    expect(field('code')).toMatchObject({ type: 'string', name: 'acme.Code', optional: false });
    // The default of the column in the form of the converter; and no type of the source, from
    // which a sink would make a numeric.
    expect(field('amount')).toMatchObject({ type: 'struct', optional: true });
    expect(field('amount')?.parameters).toBeUndefined();
  });
});

test('a value that fails goes the way of event.converting.failure.handling.mode', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  {
    await using running = await runningPipeline(database, {
      source: {
        ...SOURCE,
        'event.converting.failure.handling.mode': 'warn',
        'value.converter': 'json',
      },
      files: { 'own.ts': CONVERTER },
    });
    await database.query(`INSERT INTO item VALUES ('b', 13, NULL, 'n', 'hidden')`);
    const [, record] = await running.records('shop.public.item', 2);
    expect(record?.value).toMatchObject({ after: { code: 'X-b', amount: null } });
    expect(record?.headers['__tidemark.unconverted']).toBe('["after.amount"]');
  }
  await using running = await runningPipeline(database, {
    source: { ...SOURCE, 'slot.name': 'anew_' + database.name },
    files: { 'own.ts': CONVERTER },
  });
  const failure = running.pipeline.sourceFailure();
  expect(failure?.code).toBe('VALUE_CONVERSION');
  expect(failure?.message).toMatch(
    /^public\.item\.amount \(numeric\(9,2\)\): converter own threw Error at own\.ts:\d+:\d+$/,
  );
});

test('a column is asked about once, not per row, and again when its shape changes', async () => {
  await using database = await freshDatabase();
  await using folder = await temporaryFolder('journal');
  const journal = path.join(folder.path, 'journal');
  await database.query(`CREATE TABLE item (code text PRIMARY KEY);
    INSERT INTO item SELECT i::text FROM generate_series(1, 500) i`);
  await using running = await runningPipeline(database, {
    source: { converters: 'own', 'own.type': './own.ts', 'own.journal': journal, 'own.prefix': '' },
    files: { 'own.ts': CONVERTER },
  });
  await database.query(`INSERT INTO item SELECT i::text FROM generate_series(501, 900) i`);
  await running.records('shop.public.item', 900);
  await database.query(`ALTER TABLE item ADD note int`);
  await database.query(`INSERT INTO item VALUES ('last', 1)`);
  await running.records('shop.public.item', 901);
  const { readFile } = await import('node:fs/promises');
  expect(await readFile(journal, 'utf8')).toBe('item.code item.note ');
});

test('check names the file and the reason; what a converter says of a column as well', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  await using folder = await temporaryFolder('check');
  const file = path.join(folder.path, 'p.yaml');
  await writeFile(path.join(folder.path, 'idle.ts'), 'export default () => null;');
  const wrong = `export default () => ({ schema: { type: 'text' }, convert: String });`;
  await writeFile(path.join(folder.path, 'wrong.ts'), wrong);
  const source = sourceSection(database, {
    converters: 'gone,idle,wrong',
    'idle.type': './idle.ts',
    'post.processors': 'fill',
    'fill.type': 'reselect',
    'fill.reselect.columns.include.list': 'public.item:nope',
    'gone.type': './gone.ts',
    'wrong.type': './wrong.ts',
    'wrong.selector': 'public.item.code',
    'column.exclude.list': 'public.item.pair',
  });
  await writeFile(file, JSON.stringify({ name: 'p', source }));
  const { signal } = new AbortController();
  const found = await checkPipeline(loadPipelineFile(file), signal, systemClock);
  const { problems, warnings } = found;
  expect(warnings).toEqual(
    expect.arrayContaining([
      'source: idle: it converts no captured column',
      'source: fill: its lists name no column of a captured table',
    ]),
  );
  expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
    expect.stringMatching(/^CONFIG_INVALID source: gone\.type: there is no file .*gone\.ts/),
    expect.stringMatching(
      /^CONVERTER_INVALID converter wrong \(.*wrong\.ts\), .* public\.item\.code: schema\.type/,
    ),
  ]);
});

test('beside transforms, other topics, transactions, and values read again', async () => {
  await using database = await freshDatabase();
  await database.query(`${SCHEMA} ALTER TABLE item ADD big text;
    ALTER TABLE item ALTER big SET STORAGE EXTERNAL; UPDATE item SET big = repeat('x', 9000)`);
  await using running = await runningPipeline(database, {
    source: {
      ...SOURCE,
      'value.converter': 'json',
      'key.converter': 'json',
      'topic.naming.strategy': 'regex',
      'topic.regex': '.*\\.(item)',
      'topic.replacement': 'one.$1',
      'provide.transaction.metadata': true,
      'post.processors': 'fill',
      'fill.type': 'reselect',
      transforms: 'unwrap',
      'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    },
    files: { 'own.ts': CONVERTER },
  });
  await database.query(`BEGIN; UPDATE item SET amount = 2; UPDATE item SET code = 'z'; COMMIT;
    INSERT INTO item VALUES ('later', 1, '(1,2)', NULL, NULL)`);
  const records = await running.records('one.item', 5);
  const rows = records.map(({ value }) => value as Record<string, unknown> | null);
  expect(records.map(({ key }) => (key as { code: string }).code)).toEqual([
    'X-a',
    'X-a',
    'X-a',
    'X-z',
    'X-later',
  ]);
  expect(records[3]?.key).toEqual({
    code: 'X-z',
    __dbz__physicalTableIdentifier: 'shop.public.item',
  });
  expect(rows[3]).toMatchObject({ pair: '1,2', secret: '***', amount: { units: 200 } });
  expect(rows[3]?.['big']).toBe('x'.repeat(9000));
  // When the update was read again, its row had the other key already.
  expect(rows[1]?.['big']).toBe('__debezium_unavailable_value');
});
