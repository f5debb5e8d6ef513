import { parentPort, workerData } from 'node:worker_threads';
import type { SqlText } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import type { SqliteFile } from './sqlite-connection.ts';
import { failureOf, SqliteConnection } from './sqlite-connection.ts';
import type { SqliteFailure } from './sqlite-sink-errors.ts';
import type { StatementResult } from './target-session.ts';

/** What the thread is asked for; each request has one answer, in order. */
export type SqliteRequest =
  | { readonly kind: 'run'; readonly sql: SqlText | string }
  | { readonly kind: 'begin' | 'commit' | 'rollback' | 'close' };

/** What it answers; the first answer comes unasked, when the file is open. */
export type SqliteAnswer =
  { readonly result: StatementResult } | { readonly failure: SqliteFailure };

const NOTHING: StatementResult = { rows: [], rowCount: 0 };

/*
 * The thread that has the file of a session: a disk that is slow, or a lock of another process,
 * stops this thread and not the daemon. It ends by `close`, or is terminated; then the file is
 * closed too, and SQLite rolls back.
 */
const port = must(parentPort, 'this file is a thread');
const answer = (message: SqliteAnswer): void => {
  port.postMessage(message);
};

function handle(connection: SqliteConnection, request: SqliteRequest): StatementResult {
  if (request.kind === 'run') return connection.run(request.sql);
  connection[request.kind]();
  return NOTHING;
}

try {
  const connection = new SqliteConnection(workerData as SqliteFile);
  port.on('message', (request: SqliteRequest) => {
    try {
      answer({ result: handle(connection, request) });
    } catch (thrown) {
      answer({ failure: connection.failureOf(thrown) });
    }
    // Nothing keeps the thread from here on.
    if (request.kind === 'close') port.close();
  });
  answer({ result: NOTHING });
} catch (thrown) {
  answer({ failure: { ...failureOf(thrown), isRolledBack: false } });
}
