import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { BinlogDecoder } from '../../src/source/mysql/binlog/binlog-decoder.ts';
import { rowsKind } from '../../src/source/mysql/binlog/rows-kind.ts';
import type { MysqlConnectionOptions } from '../../src/source/mysql/mysql-connection-options.ts';
import type { BinlogStart } from '../../src/source/mysql/wire/binlog-commands.ts';
import type { BinlogReceiver } from '../../src/source/mysql/wire/binlog-wire.ts';
import {
  readBinlogStatus,
  readServerFacts,
} from '../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../src/source/mysql/wire/mysql-session.ts';
import type { MysqlAddress } from './mysql-database.ts';

/** How a source reaches a test server. */
export function connectionTo(
  { host, port, user, password, caFile }: MysqlAddress & { readonly caFile?: string | undefined },
  change: Partial<MysqlConnectionOptions> = {},
): MysqlConnectionOptions {
  const ca = caFile === undefined ? {} : { sslRootCert: readFileSync(caFile, 'utf8') };
  const timeout = { connectTimeoutMs: 10_000 };
  return { host, port, user, password, sslMode: 'disabled', ...ca, ...timeout, ...change };
}

/** The end of its binlog, by both ways in which a dump may begin there: both mean one place. */
export async function binlogEnd(
  server: MysqlAddress,
): Promise<{ readonly file: BinlogStart & { kind: 'file' }; readonly gtid: BinlogStart }> {
  const { signal } = new AbortController();
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  let facts = await readServerFacts(session);
  let status = await readBinlogStatus(session, facts);
  for (;;) {
    if (status === null) throw new Error('the server writes no binlog');
    // Others write as well: the GTIDs are of this place if it was the end before and after.
    facts = await readServerFacts(session);
    const after = await readBinlogStatus(session, facts);
    if (isDeepStrictEqual(status, after)) break;
    status = after;
  }
  const { gtid } = facts;
  return {
    file: { kind: 'file', file: status.file, position: status.position },
    gtid:
      gtid.kind === 'mysql'
        ? { kind: 'gtid', executed: gtid.executed }
        : { kind: 'mariadb-gtid', position: gtid.binlog },
  };
}

/** Keeps what a dump brought, decoded: events by their kind, rows as `c schema.table 1|two`. */
export class DecodedChanges implements BinlogReceiver {
  readonly kinds: string[] = [];
  readonly rows: string[] = [];
  readonly #decoder: BinlogDecoder;

  constructor(decoder: BinlogDecoder) {
    this.#decoder = decoder;
  }

  event(bytes: Buffer, start: number, end: number): undefined {
    const decoder = this.#decoder;
    decoder.open(bytes, start, end);
    if (rowsKind(decoder.type) === undefined) {
      this.kinds.push(decoder.event().kind);
      return;
    }
    this.kinds.push('rows');
    const table = decoder.openRows();
    if (table === null) return;
    while (decoder.nextRow()) {
      const image = decoder.op === 'd' ? decoder.before : decoder.after;
      const values = table.columns.map((_, i) => image.text(i) ?? 'NULL');
      this.rows.push(`${decoder.op} ${table.schema}.${table.name} ${values.join('|')}`);
    }
  }

  settle(): undefined {
    return undefined;
  }
}
