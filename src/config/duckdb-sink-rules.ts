import type { ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const DUCKDB_URL = /^(?:jdbc:)?duckdb:/i;

/** Rules of a DuckDB file as the target: it needs a name, and is written to. */
export const DUCKDB_SINK_RULES: readonly OptionRule[] = [
  { properties: ['connection.url'], check: fileProblem },
];

function fileProblem(options: ResolvedOptions): string | undefined {
  const url = options.optionalString('connection.url') ?? '';
  if (!DUCKDB_URL.test(url)) return undefined;
  const [file = '', ...settings] = url.replace(DUCKDB_URL, '').split(/[?&;]/);
  if (file === '' || file.startsWith(':memory:')) {
    return 'must name a file: duckdb:/path/file.db; one in memory is gone with the daemon';
  }
  if (/^md:/i.test(file)) return 'must name a file: MotherDuck is not supported';
  const isReadOnly = settings.some((one) => /^(?:duckdb\.)?(?:read_only|access_mode)=/i.test(one));
  return isReadOnly ? 'cannot say how the file is opened: the sink writes to it' : undefined;
}
