import path from 'node:path';
import { TidemarkError } from '../../foundation/errors.ts';

const SCHEME = /^(?:jdbc:)?sqlite:/i;

/** Whether `connection.url` names a SQLite file. */
export function isSqliteUrl(url: string): boolean {
  return SCHEME.test(url);
}

function invalid(reason: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `connection.url: ${reason}`, {
    cure: 'Write sqlite:/path/file.db or jdbc:sqlite:/path/file.db.',
  });
}

/**
 * The file that `sqlite:/path/file.db`, `sqlite:///path/file.db` or `jdbc:sqlite:file.db` names. It
 * is taken as it is written, as SQLite's driver of Java does: nothing in it is decoded.
 */
export function sqliteFileOf(connectionUrl: string): string {
  const named = connectionUrl.replace(SCHEME, '').replace(/^file:/i, '');
  const file = named.replace(/^\/\/(?=\/)/, '');
  if (file.startsWith('//')) throw invalid('it names a host: a SQLite file has none');
  if (file.includes('?')) {
    throw invalid('it has parameters: the sink itself sets WAL and synchronous=FULL');
  }
  if (file === '' || file === ':memory:') {
    throw invalid('a database in memory is gone with the daemon, and its offsets with it');
  }
  if (file.endsWith('/')) throw invalid('it names a folder');
  return path.resolve(file);
}
