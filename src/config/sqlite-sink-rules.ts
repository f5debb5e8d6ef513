import type { ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const SQLITE_URL = /^(?:jdbc:)?sqlite:/i;
const NO_SCHEMAS = 'a SQLite file has no schemas';
/** The default of our own classes, in whose place a SQLite file has the name of the table alone. */
const DEFAULT_FORMAT = '${source.schema}.${source.table}';

function isSqlite(options: ResolvedOptions): boolean {
  return SQLITE_URL.test(options.optionalString('connection.url') ?? '');
}

/**
 * Rules of a SQLite file as the target: it needs a name, and has one schema, `main`. What names
 * another would fail with the first record only. `format` is what the class calls
 * table.name.format.
 */
export function sqliteSinkRules(
  format: 'table.name.format' | 'collection.name.format',
): readonly OptionRule[] {
  return [
    { properties: ['connection.url'], check: fileProblem },
    ...['default.schema', 'offsets.schema'].map((name): OptionRule => ({
      properties: ['connection.url', name],
      check: (options) => {
        const isOther = (options.optionalString(name) ?? 'main') !== 'main';
        return isOther && isSqlite(options) ? `${name} can only be main: ${NO_SCHEMAS}` : undefined;
      },
    })),
    {
      properties: ['connection.url', format],
      check: (options) => {
        const text = options.optionalString(format) ?? '';
        if (text === DEFAULT_FORMAT || !isSqlite(options)) return undefined;
        // Dots of placeholders part nothing.
        const [schema = '', ...table] = text.split(/\.(?![^${]*\})/);
        return table.length > 0 && schema !== 'main'
          ? `${format}: ${NO_SCHEMAS}; leave ${schema} out`
          : undefined;
      },
    },
  ];
}

function fileProblem(options: ResolvedOptions): string | undefined {
  const url = options.optionalString('connection.url') ?? '';
  const file = url.replace(SQLITE_URL, '');
  return isSqlite(options) && (file === '' || file === ':memory:')
    ? 'must name a file: sqlite:/path/file.db'
    : undefined;
}
