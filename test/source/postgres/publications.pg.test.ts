import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming } from '../../support/postgres-source.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';

const told = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ op, table, after, before }) => [op, table, before, after]);

test('a row filter of the user: what crosses its edge comes as insert and delete', async () => {
  await using database = await freshDatabase();
  if (database.major < 15) return expect(database.major).toBe(14);
  await database.query('CREATE TABLE a (id int PRIMARY KEY, n int)');
  await database.query('ALTER TABLE a REPLICA IDENTITY FULL');
  await database.query('CREATE PUBLICATION tidemark FOR TABLE a WHERE (n > 10)');
  await database.query('INSERT INTO a VALUES (1, 5), (2, 20)');
  for (const publicationAutocreateMode of ['disabled', 'filtered'] as const) {
    const options = sourceOptionsFor(database, {
      publicationAutocreateMode,
      slotName: `${database.name}_${publicationAutocreateMode}`,
    });
    const source = await startStreaming(options);
    await database.query('UPDATE a SET n = 11 WHERE id = 1');
    await database.query('UPDATE a SET n = 12 WHERE id = 1');
    await database.query('UPDATE a SET n = 5 WHERE id = 1');
    await database.query('INSERT INTO a VALUES (3, 1); INSERT INTO a VALUES (4, 99)');
    await database.query('DELETE FROM a WHERE id > 2');
    await source.receiver.until((events) =>
      events.some(({ op, before }) => op === 'd' && before?.['id'] === '4'),
    );
    await source.stop();
    expect(told(source.receiver)).toEqual([
      ['r', 'a', null, { id: '2', n: '20' }],
      ['c', 'a', null, { id: '1', n: '11' }],
      ['u', 'a', { id: '1', n: '11' }, { id: '1', n: '12' }],
      ['d', 'a', { id: '1', n: '12' }, null],
      ['c', 'a', null, { id: '4', n: '99' }],
      ['d', 'a', { id: '4', n: '99' }, null],
    ]);
  }
});

test.for([false, true])('partitions, published via their root: %s', async (viaRoot) => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE p (id int, region text, n int, PRIMARY KEY (id, region))
      PARTITION BY LIST (region);
    CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu');
    CREATE TABLE p_us PARTITION OF p FOR VALUES IN ('us');
    INSERT INTO p VALUES (1, 'eu', 1)`);
  const options = sourceOptionsFor(database, {
    publicationAutocreateMode: 'filtered',
    publishViaPartitionRoot: viaRoot,
  });
  const source = await startStreaming(options);
  await database.query(`INSERT INTO p VALUES (2, 'us', 2)`);
  await database.query(`UPDATE p SET region = 'us' WHERE id = 1`);
  await database.query(`TRUNCATE p`);
  const truncates = viaRoot ? 1 : 2;
  await source.receiver.until(
    (events) => events.filter(({ op }) => op === 't').length === truncates,
  );
  await source.stop();
  const [eu, us] = viaRoot ? ['p', 'p'] : ['p_eu', 'p_us'];
  const rows = source.receiver.events.map(({ op, table, after, before }) => [
    op,
    table,
    (after ?? before)?.['id'],
  ]);
  expect(rows.slice(0, 4)).toEqual([
    ['r', eu, '1'],
    ['c', us, '2'],
    // Between partitions an update is a delete and an insert.
    ['d', eu, '1'],
    ['c', us, '1'],
  ]);
  expect(rows.slice(4).map(([op]) => op)).toEqual(viaRoot ? ['t'] : ['t', 't']);
});

test('a column list of the user is what is captured, in snapshot and stream', async () => {
  await using database = await freshDatabase();
  if (database.major < 15) return expect(database.major).toBe(14);
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, secret text, n int);
    INSERT INTO a VALUES (1, 's', 1); CREATE PUBLICATION tidemark FOR TABLE a (id, n)`);
  const source = await startStreaming(
    sourceOptionsFor(database, { publicationAutocreateMode: 'disabled' }),
  );
  await database.query(`INSERT INTO a VALUES (2, 's', 2)`);
  await source.receiver.until((events) => events.length === 2);
  await source.stop();
  expect(told(source.receiver)).toEqual([
    ['r', 'a', null, { id: '1', n: '1' }],
    ['c', 'a', null, { id: '2', n: '2' }],
  ]);
});

test('generated columns: those that the server sends, in both alike (P26)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED);
    INSERT INTO a VALUES (1)`);
  const sends = database.major >= 18;
  const settings = sends ? ' WITH (publish_generated_columns = stored)' : '';
  await database.query(`CREATE PUBLICATION tidemark FOR TABLE a${settings}`);
  const options = sourceOptionsFor(database, { publicationAutocreateMode: 'disabled' });
  const source = await startStreaming(options);
  await database.query('INSERT INTO a VALUES (2)');
  await source.receiver.until((events) => events.length === 2);
  await source.stop();
  expect(source.receiver.events.map(({ after }) => after)).toEqual(
    sends
      ? [
          { id: '1', g: '2' },
          { id: '2', g: '4' },
        ]
      : [{ id: '1' }, { id: '2' }],
  );
});

test('publish.generated.columns: a publication that is kept sends them, or stops to', async () => {
  await using database = await freshDatabase();
  if (database.major < 18) return expect(database.major).toBeLessThan(18);
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED,
      v int GENERATED ALWAYS AS (id * 3) VIRTUAL);
    INSERT INTO a VALUES (1)`);
  const options = sourceOptionsFor(database, { publicationAutocreateMode: 'filtered' });
  const receiver = new RecordingReceiver();
  const inserts = async (
    id: number,
    publishGeneratedColumns: 'none' | 'stored' | undefined,
  ): Promise<unknown> => {
    const source = await startStreaming({ ...options, publishGeneratedColumns }, receiver);
    await database.query(`INSERT INTO a VALUES (${id})`);
    await receiver.until((events) => events.length === id);
    await source.stop();
    return receiver.events.at(-1)?.after;
  };
  expect(await inserts(2, 'stored')).toEqual({ id: '2', g: '4' });
  expect(receiver.events[0]?.after).toEqual({ id: '1', g: '2' });
  const altered = await database.query(`SELECT xmin FROM pg_publication`);
  expect(await inserts(3, undefined)).toEqual({ id: '3', g: '6' });
  expect(await database.query(`SELECT xmin FROM pg_publication`)).toEqual(altered);
  expect(await inserts(4, 'none')).toEqual({ id: '4' });
});

test('changes of another origin are left out on request, on every version (P117)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY, pad text)');
  const origin = `o_${database.name}`;
  await database.query('SELECT pg_replication_origin_create($1)', [origin]);
  const options = sourceOptionsFor(database, {
    slotStreamParams: [['origin', 'none']],
    largeTransactionBytes: 65_536,
  });
  try {
    const source = await startStreaming(options);
    const replicator = await database.connect();
    await replicator.query('SELECT pg_replication_origin_session_setup($1)', [origin]);
    await replicator.query('INSERT INTO a VALUES (1)');
    await replicator.query(
      `INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(10, 2000) g`,
    );
    await database.query('INSERT INTO a VALUES (2)');
    await replicator.query('INSERT INTO a VALUES (3)');
    await replicator.end();
    await database.query('INSERT INTO a VALUES (4)');
    await source.receiver.until((events) => events.length === 2);
    await source.stop();
    expect(source.receiver.events.map(({ after }) => after?.['id'])).toEqual(['2', '4']);
  } finally {
    await database.query('SELECT pg_replication_origin_drop($1)', [origin]);
  }
});

test('a transaction that was replicated to the source tells from where', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY, pad text)');
  const origin = `o_${database.name}`;
  await database.query('SELECT pg_replication_origin_create($1)', [origin]);
  try {
    const source = await startStreaming(sourceOptionsFor(database));
    const replicator = await database.connect();
    await replicator.query('SELECT pg_replication_origin_session_setup($1)', [origin]);
    await replicator.query(`
      BEGIN; SELECT pg_replication_origin_xact_setup('0/ABC', now());
      INSERT INTO a VALUES (1); COMMIT`);
    await replicator.end();
    await database.query('INSERT INTO a VALUES (2)');
    const { commits } = source.receiver;
    await source.receiver.until((events) => events.length === 2 && commits.length === 2);
    await source.stop();
    expect(commits.map(({ replicatedFrom }) => replicatedFrom)).toEqual([
      { name: origin, lsn: 0xabcn },
      null,
    ]);
  } finally {
    await database.query('SELECT pg_replication_origin_drop($1)', [origin]);
  }
});
