import { createPrivateKey } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import { NO_STATEMENT_TIMEOUT } from '../../../../src/source/postgres/wire/wire-connect.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';
import { startProxy } from '../../../support/tcp-proxy.ts';
import { startTlsRelay } from '../../../support/tls-relay.ts';
import { pem, startTlsServer } from '../../../support/tls-server.ts';

const { signal } = new AbortController();

test('application name and settings arrive, also with spaces and backslashes', async () => {
  await using database = await freshDatabase();
  const session = {
    replication: false,
    applicationName: 'tidemark test',
    settings: { search_path: '"a b", "c\\d"', work_mem: '123kB' },
  };
  await using wire = await PostgresWire.connect(connectionTo(database), session, signal);
  const sql = `SELECT current_setting('application_name'), current_setting('search_path'),
    current_setting('work_mem'), current_setting('bytea_output')`;
  expect((await wire.query(sql))[0]?.rows).toEqual([
    ['tidemark test', '"a b", "c\\d"', '123kB', 'hex'],
  ]);
});

test('sslmode=prefer does without TLS where there is none, require not (P112)', async () => {
  await using database = await freshDatabase();
  const [row] = await database.query<{ ssl: string }>(`SELECT current_setting('ssl') AS ssl`);
  expect(row?.ssl).toBe('off');
  const options = connectionTo(database);
  const session = { replication: false, applicationName: 'test' };
  await using wire = await PostgresWire.connect({ ...options, sslMode: 'prefer' }, session, signal);
  expect((await wire.query('SELECT 1'))[0]?.rows).toEqual([['1']]);
  const required = PostgresWire.connect({ ...options, sslMode: 'require' }, session, signal);
  await expect(required).rejects.toMatchObject({
    code: 'PG_CONNECT',
    message: expect.stringContaining('SSL') as string,
  });
});

test('an abort ends an attempt that hangs', async () => {
  await using database = await freshDatabase();
  await using proxy = await startProxy(database);
  proxy.silent = true;
  const abort = new AbortController();
  const options = { ...connectionTo(database), port: proxy.port, connectTimeoutMs: 60_000 };
  const session = { replication: false, applicationName: 'test' };
  const attempt = PostgresWire.connect(options, session, abort.signal);
  abort.abort();
  await expect(attempt).rejects.toThrow();
});

test('TLS checks who answers as sslmode says; the client shows its certificate', async () => {
  await using tls = await startTlsServer();
  const session = { replication: true, applicationName: 'test' };
  const ca = pem('ca.pem');
  const used = async (change: Partial<ReturnType<typeof connectionTo>>): Promise<unknown> => {
    const options = { ...connectionTo(tls.database), ...change };
    await using wire = await PostgresWire.connect(options, session, signal);
    const sql = `SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
    return (await wire.query(sql))[0]?.rows[0];
  };
  const refusal = (words: string) => ({
    code: 'PG_CONNECT',
    message: expect.stringContaining(words) as string,
    cure: expect.stringContaining('database.sslrootcert') as string,
  });
  const named = { sslMode: 'verify-full', host: 'localhost', sslRootCert: ca } as const;
  const addressed = { ...named, host: '127.0.0.1' } as const;
  expect(await used(named)).toEqual(['postgres', 't']);
  await expect(used(addressed)).rejects.toMatchObject(refusal("does not match certificate's"));
  expect(await used({ ...addressed, sslMode: 'verify-ca' })).toEqual(['postgres', 't']);
  const other = { ...named, sslRootCert: pem('other-ca.pem') };
  await expect(used(other)).rejects.toMatchObject(refusal('self-signed certificate'));
  await expect(used({ ...other, sslMode: 'verify-ca' })).rejects.toMatchObject(
    refusal('self-signed certificate'),
  );
  expect(await used({ sslMode: 'require' })).toEqual(['postgres', 't']);
  expect(await used({ sslMode: 'prefer' })).toEqual(['postgres', 't']);

  const client = { ...named, user: 'certuser', password: undefined } as const;
  const shown = { ...client, sslCert: pem('client.pem'), sslKey: pem('client.key') };
  expect(await used(shown)).toEqual(['certuser', 't']);
  await expect(used(client)).rejects.toMatchObject({ code: 'PG_AUTH' });
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'open sesame' };
  const sslKey = createPrivateKey(pem('client.key')).export({
    type: 'pkcs8',
    format: 'pem',
    ...cipher,
  }) as string;
  const locked = { ...shown, sslKey };
  expect(await used({ ...locked, sslPassword: 'open sesame' })).toEqual(['certuser', 't']);
  await expect(used({ ...locked, sslPassword: 'wrong' })).rejects.toMatchObject({
    code: 'PG_CONNECT',
  });
});

test('SCRAM with channel binding finds out who relays TLS with another certificate', async () => {
  await using tls = await startTlsServer();
  await using relay = await startTlsRelay(tls.database, {
    cert: pem('client.pem'),
    key: pem('client.key'),
  });
  const options = { ...connectionTo(tls.database), port: relay.port };
  // Without it the same password goes through, and the relay reads along.
  const { host, port, user, password, database } = options;
  const ssl = { rejectUnauthorized: false };
  const trusting = new pg.Client({ host, port, user, password, database, ssl });
  await trusting.connect();
  await trusting.end();
  const session = { replication: true, applicationName: 'test' };
  const bound = PostgresWire.connect({ ...options, sslMode: 'require' }, session, signal);
  await expect(bound).rejects.toMatchObject({
    code: 'PG_AUTH',
    message: expect.stringContaining('channel binding') as string,
  });
});

test('database.query.timeout.ms ends a query that takes longer, and never a stream', async () => {
  await using database = await freshDatabase();
  const options = { ...connectionTo(database), queryTimeoutMs: 1000 };
  const session = { replication: false, applicationName: 'test' };
  await using wire = await PostgresWire.connect(options, session, signal);
  await expect(wire.query('SELECT pg_sleep(60)')).rejects.toMatchObject({
    code: 'PG_QUERY_TIMEOUT',
    message: expect.stringContaining('SQLSTATE 57014') as string,
    cure: expect.stringContaining('database.query.timeout.ms') as string,
  });
  expect((await wire.query('SELECT 1'))[0]?.rows).toEqual([['1']]);
  const shown = async (more: object): Promise<unknown> => {
    await using other = await PostgresWire.connect(options, { ...session, ...more }, signal);
    return (await other.query('SHOW statement_timeout'))[0]?.rows[0]?.[0];
  };
  expect(await shown({})).toBe('1s');
  expect(await shown({ replication: true })).toBe('0');
  expect(await shown({ settings: NO_STATEMENT_TIMEOUT })).toBe('0');
});
