import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';

test('plan tells what a sink would do to the tables of its target, and does nothing', async () => {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query(
    `CREATE TABLE missing (id int PRIMARY KEY); CREATE TABLE fits (id int PRIMARY KEY);
     CREATE TABLE grows (id int PRIMARY KEY, n bigint, v text);
     CREATE TABLE other (id int PRIMARY KEY, d integer)`,
  );
  await target.query(
    `CREATE TABLE fits (id int PRIMARY KEY, own int DEFAULT 1);
     CREATE TABLE grows (id int PRIMARY KEY, n integer); INSERT INTO grows VALUES (1, 2);
     CREATE TABLE other (id int PRIMARY KEY, d date)`,
  );
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(source),
    sinks: [
      { name: 'w', 'connector.class': 'jdbc', 'connection.url': target.url },
      {
        name: 'holds',
        'connector.class': 'jdbc',
        'connection.url': target.url,
        'schema.evolution.policy': 'hold',
      },
      { name: 'gone', 'connector.class': 'jdbc', 'connection.url': 'postgres://u@127.0.0.1:1/d' },
      {
        name: 'headed',
        'connector.class': 'jdbc',
        'connection.url': target.url,
        'pk.mode': 'record_header',
        'pk.fields': 'tenant',
      },
    ],
  });
  const { code, stdout, stderr } = await runProgram(['plan', pipeline.file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, seen = '', holds = '', unseen = '', headed = ''] = stdout.split('In the target of ');
  expect(seen).toContain('shop.public.fits → public.fits: exists and fits\n');
  expect(seen).toContain('  shop.public.missing → public.missing\n    CREATE TABLE IF NOT EXISTS');
  expect(seen).toContain(
    '  shop.public.grows → public.grows\n' +
      '    -- the table "public"."grows" is widened: n from integer to bigint; every row is ' +
      'written anew, and others wait for the table meanwhile\n' +
      '    ALTER TABLE "public"."grows" ALTER COLUMN "n" TYPE bigint;\n' +
      '    -- the table "public"."grows" gets the column v\n' +
      '    ALTER TABLE "public"."grows" ADD COLUMN IF NOT EXISTS "v" text;\n',
  );
  expect(seen).toMatch(/public\.other\n {4}would be parked: .* type date.*\n {4}cure: ALTER TABLE/);
  expect(holds).toMatch(/public\.other\n {4}would be held: .* type date.*\n {4}cure: ALTER TABLE/);
  expect(unseen).toMatch(/^gone, where it is missing \(not asked: .*ECONNREFUSED.*\)\n/);
  expect(unseen).toContain('CREATE TABLE IF NOT EXISTS "public"."grows"');
  // What type a header has nobody knows before there are records.
  expect(headed).toContain('(not asked: the key is in headers, which only records have)\n');
  expect(headed).toMatch(/^ {2}shop\.public\.grows → public\.grows$/m);
  expect(headed).not.toContain('CREATE TABLE');
  const json = await runProgram(['plan', pipeline.file, '--json']);
  const { sinks } = JSON.parse(json.stdout) as { sinks: unknown[] };
  expect(sinks).toMatchObject([
    { name: 'w', unseen: null },
    { name: 'holds' },
    { name: 'gone' },
    { name: 'headed' },
  ]);
  expect(await target.query('SELECT * FROM grows')).toEqual([{ id: 1, n: 2 }]);
  expect(await target.query(`SELECT to_regclass('missing') AS t`)).toEqual([{ t: null }]);
});

test('a history that is there: what came goes beside it, and nothing is refused', async () => {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query('CREATE TABLE kept (id int PRIMARY KEY, n int)');
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: { ...sourceSection(source), 'key.converter': 'json', 'value.converter': 'json' },
    sinks: [
      {
        name: 'w',
        'connector.class': 'jdbc',
        'connection.url': target.url,
        'write.mode': 'both',
        'schema.evolution.policy': 'shadow',
      },
    ],
  });
  const plan = async (): Promise<string> => (await runProgram(['plan', pipeline.file])).stdout;
  const made = await plan();
  expect(made).toContain('CREATE TABLE IF NOT EXISTS "public"."kept__history"');
  // What the plan says is what the target takes.
  const [, statements = ''] = made.split('In the target of w');
  const sql = statements.split('\n').filter((line) => !/→|--|^:?$/.test(line.trim()));
  await target.query(sql.join('\n').replace(/^.*?(?=CREATE)/s, ''));
  expect((await plan()).match(/exists and fits/g)).toHaveLength(2);

  await source.query('ALTER TABLE kept ALTER n TYPE text, ADD COLUMN m bigint');
  const changed = await plan();
  expect(changed).not.toContain('would be');
  for (const statement of [
    '"public"."kept" ADD COLUMN IF NOT EXISTS "n__v2" text',
    '"public"."kept" ADD COLUMN IF NOT EXISTS "m" bigint',
    '"public"."kept__history" ADD COLUMN IF NOT EXISTS "n__2" text',
    '"public"."kept__history" ADD COLUMN IF NOT EXISTS "m" bigint',
  ]) {
    expect(changed).toContain(`ALTER TABLE ${statement}`);
  }
});

test('plan tells the tables and the views of histories', async () => {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query('CREATE TABLE item (id int PRIMARY KEY, v text)');
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(source),
    sinks: ['both', 'history'].map((mode) => ({
      name: mode,
      'connector.class': 'jdbc',
      'connection.url': target.url,
      'write.mode': mode,
    })),
  });
  const plan = async (): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await runProgram(['plan', pipeline.file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.split('In the target of ').slice(1);
  };
  const [both = '', history = ''] = await plan();
  const table = 'CREATE TABLE IF NOT EXISTS "public"';
  expect(both).toContain(`${table}."item" (`);
  for (const told of [both, history]) {
    expect(told).toContain(`${table}."item__history" (`);
    expect(told).toMatch(/VIEW "public"\."item__versions" AS/);
    expect(told).toMatch(/VIEW "public"\."item__current" AS/);
  }
  expect(history).not.toContain(`${table}."item" (`);
  const made = await target.query(`SELECT relname FROM pg_class WHERE relname LIKE 'item%'`);
  expect(made).toEqual([]);
  // What it tells is what makes them: then they fit.
  const statements = both.split('\n').filter((line) => /^ {4,}(?!--)/.test(line));
  await target.query(statements.join('\n'));
  const [again = ''] = await plan();
  expect(again).toMatch(/public\.item: exists and fits/);
  expect(again).toMatch(/public\.item__history: exists and fits/);
});
