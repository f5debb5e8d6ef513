import { DUCKDB_SINK_RULES } from './duckdb-sink-rules.ts';
import { historyRules } from './jdbc-sink-history-options.ts';
import { METADATA_RULE } from './metadata-columns.ts';
import type { OptionRule } from './resolve-options.ts';
import { SINK_TRANSACTION_RULES } from './sink-transaction-options.ts';
import { sqliteSinkRules } from './sqlite-sink-rules.ts';
import { TRANSFORM_RULES } from './transform-options.ts';

const COMMON_RULES: readonly OptionRule[] = [...TRANSFORM_RULES, ...SINK_TRANSACTION_RULES];

/** Where a delete without a value tells its row. */
const FINDS_DELETED: ReadonlySet<string> = new Set(['record_key', 'record_header']);

/** Rules over several properties; `keyMode` is what the class calls pk.mode. */
export function jdbcSinkRules(keyMode: 'pk.mode' | 'primary.key.mode'): readonly OptionRule[] {
  const keyFields = keyMode === 'pk.mode' ? 'pk.fields' : 'primary.key.fields';
  return [
    ...COMMON_RULES,
    {
      properties: ['connection.url'],
      check: (options) => urlProblem(options.optionalString('connection.url')),
    },
    ...[historyRules(keyMode), DUCKDB_SINK_RULES].flat(),
    ...sqliteSinkRules(keyMode === 'pk.mode' ? 'table.name.format' : 'collection.name.format'),
    {
      properties: ['topics', 'topics.regex'],
      check: (options) =>
        options.has('topics') && options.has('topics.regex')
          ? 'and topics.regex exclude each other: give one of them'
          : undefined,
    },
    METADATA_RULE,
    {
      properties: ['delete.mode', 'delete.enabled', 'insert.mode'],
      check: (options) => {
        if (options.string('delete.mode') === 'hard') return undefined;
        if (!options.boolean('delete.enabled')) return 'soft needs delete.enabled true';
        return options.string('insert.mode') === 'insert'
          ? 'soft needs insert.mode upsert: a row that comes again is there already'
          : undefined;
      },
    },
    {
      properties: ['insert.mode', keyMode],
      check: (options) => {
        const mode = options.string('insert.mode');
        if (mode === 'insert' || options.string(keyMode) !== 'none') return undefined;
        return `${mode} needs a key: set ${keyMode} to record_key`;
      },
    },
    {
      properties: ['insert.mode', keyMode],
      check: (options) =>
        options.string('insert.mode') === 'update' && options.string(keyMode) === 'kafka'
          ? `update finds no row by the place of its record: with ${keyMode} kafka use insert`
          : undefined,
    },
    {
      properties: [keyFields, keyMode],
      check: (options) => {
        const names = new Set(options.list(keyFields));
        if (options.string(keyMode) !== 'kafka' || names.size === 0) return undefined;
        if (names.size === 3 && options.list(keyFields).length === 3) return undefined;
        return `must name three columns with ${keyMode} kafka: for topic, partition and offset`;
      },
    },
    {
      properties: ['delete.enabled', keyMode],
      check: (options) =>
        options.boolean('delete.enabled') && !FINDS_DELETED.has(options.string(keyMode))
          ? `needs ${keyMode} record_key`
          : undefined,
    },
  ];
}

function urlProblem(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const plain = url.replace(/^jdbc:/, '');
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(plain)?.[1]?.toLowerCase();
  if (scheme === undefined || !TARGET_SCHEMES.has(scheme)) {
    const found = scheme ?? 'no scheme';
    const known = 'postgres://, mysql://, mariadb://, sqlite: or duckdb:';
    return `must begin with ${known}; ${found} is not supported yet`;
  }
  if (scheme === 'sqlite' || scheme === 'duckdb') return undefined;
  if (!URL.canParse(plain)) return 'is not a URL';
  const needsDatabase = !scheme.startsWith('postgres');
  return needsDatabase && !/^\/[^/]+$/.test(new URL(plain).pathname)
    ? 'must name the database: mysql://host/database'
    : undefined;
}

const TARGET_SCHEMES = new Set(['postgres', 'postgresql', 'mysql', 'mariadb', 'sqlite', 'duckdb']);
