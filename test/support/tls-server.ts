import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type OwnServer, startOwnServer, type TestDatabase } from './postgres.ts';

type Pem =
  | 'ca.pem'
  | 'other-ca.pem'
  | 'server.pem'
  | 'server.key'
  | 'client.pem'
  | 'client.key'
  /** Of client.key, with the password key-secret. */
  | 'client-encrypted.key'
  /** Of client.pem and client.key, with the password p12-secret. */
  | 'client.p12';

/** Where a certificate or key of `test/support/tls` is. */
export function pemFile(name: Pem): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url));
}

export function pem(name: Pem): string {
  return readFileSync(pemFile(name), 'utf8');
}

/** Its certificate names `localhost` and no address; `certuser` logs in by certificate. */
export interface TlsServer extends AsyncDisposable {
  readonly server: OwnServer;
  readonly database: TestDatabase;
}

export async function startTlsServer(): Promise<TlsServer> {
  const server = await startOwnServer();
  const database = await server.freshDatabase();
  // The server writes its own files, in its data folder: only then they are owned and closed as it
  // demands of a key.
  const write = async (name: string, text: string): Promise<void> => {
    const lines = text.trimEnd().replaceAll("'", "''");
    await database.query(
      `COPY (SELECT unnest(string_to_array('${lines}', E'\\n')))
       TO PROGRAM 'umask 077; cat > ${name}'`,
    );
  };
  for (const name of ['ca.pem', 'server.pem', 'server.key'] as const) await write(name, pem(name));
  await write(
    'pg_hba.conf',
    `hostssl all certuser 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256`,
  );
  await database.query(`CREATE ROLE certuser LOGIN REPLICATION SUPERUSER`);
  for (const setting of [
    `ssl_ca_file = 'ca.pem'`,
    `ssl_cert_file = 'server.pem'`,
    `ssl_key_file = 'server.key'`,
    'ssl = on',
  ]) {
    await database.query(`ALTER SYSTEM SET ${setting}`);
  }
  await database.query('SELECT pg_reload_conf()');
  await database.until(`SELECT current_setting('ssl') = 'on'`);
  return {
    server,
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
