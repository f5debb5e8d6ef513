import path from 'node:path';
import { TidemarkError } from '../../foundation/errors.ts';

const SCHEME = /^(?:jdbc:)?duckdb:/i;

/** Whether `connection.url` names a DuckDB file. */
export function isDuckdbUrl(url: string): boolean {
  return SCHEME.test(url);
}

/** A DuckDB file, and the settings that stand behind it in the URL, by DuckDB's names. */
export interface DuckdbAddress {
  readonly file: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Settings of how much a database takes, which change nothing of what is in it. */
const SETTINGS = new Set([
  'threads',
  'memory_limit',
  'temp_directory',
  'max_temp_directory_size',
  'checkpoint_threshold',
]);
/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = {
  max_memory: 'memory_limit',
  worker_threads: 'threads',
  wal_autocheckpoint: 'checkpoint_threshold',
};

function invalid(reason: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `connection.url: ${reason}`, {
    cure: 'Write duckdb:/path/file.db or jdbc:duckdb:/path/file.db, with ?threads=…&memory_limit=…',
  });
}

/**
 * The file that `duckdb:/path/file.db`, `duckdb:///path/file.db` or `jdbc:duckdb:file.db` names,
 * and the settings behind it: `?name=value&…`, or `;name=value;…` as DuckDB's driver of Java has
 * them. Throws CONFIG_INVALID for what cannot be a target.
 */
export function parseDuckdbUrl(connectionUrl: string): DuckdbAddress {
  const [named = '', ...parts] = connectionUrl.replace(SCHEME, '').split(/[?&;]/);
  const file = named.replace(/^\/\/(?=\/)/, '');
  if (file.startsWith('//')) throw invalid('it names a host: a DuckDB file has none');
  if (/^md:/i.test(file)) throw invalid('MotherDuck is not supported, only files are');
  if (file === '' || file.startsWith(':memory:')) {
    throw invalid('a database in memory is gone with the daemon, and its offsets with it');
  }
  if (file.endsWith('/')) throw invalid('it names a folder');
  const settings = parts.filter((part) => part !== '').map(settingOf);
  return { file: path.resolve(file), settings: Object.fromEntries(settings) };
}

function settingOf(part: string): readonly [string, string] {
  const [given = '', ...rest] = part.split('=');
  const known = given
    .trim()
    .toLowerCase()
    .replace(/^duckdb\./, '');
  const name = ALIASES[known] ?? known;
  const value = decodeURIComponent(rest.join('=')).trim();
  if (name === 'read_only' || name === 'access_mode') {
    throw invalid(`${given}: the sink writes to the file, and decides that itself`);
  }
  if (!SETTINGS.has(name)) {
    throw invalid(`it has the setting ${given}; known are ${[...SETTINGS].join(', ')}`);
  }
  if (value === '') throw invalid(`the setting ${given} has no value`);
  if (name === 'threads' && !/^[1-9]\d{0,3}$/.test(value)) {
    throw invalid(`${given} must be a number of threads, from 1 on`);
  }
  return [name, value];
}
