/** `database.ssl.mode`, with the meanings of MySQL and Debezium: `required` does not verify. */
export type MysqlSslMode = 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';

/** How one connection to a MySQL or MariaDB source reaches the server. */
export interface MysqlConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: MysqlSslMode;
  /** PEM text, not a path. */
  readonly sslRootCert?: string | undefined;
  readonly sslCert?: string | undefined;
  readonly sslKey?: string | undefined;
  /** Of an encrypted key. */
  readonly sslPassword?: string | undefined;
  readonly connectTimeoutMs: number;
  /** database.query.timeout.ms; absent or 0: no limit. */
  readonly queryTimeoutMs?: number | undefined;
  /** database.initial.statements: run on every connection but the stream's. */
  readonly initialStatements?: readonly string[] | undefined;
}
