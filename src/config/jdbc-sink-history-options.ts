import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** What is kept of changes beside, or in place of, the table as it is. */
export const HISTORY_OPTIONS: readonly Option[] = [
  {
    name: 'write.mode',
    type: { kind: 'enum', values: ['mirror', 'history', 'both'] },
    default: 'mirror',
    doc:
      '`mirror`: the table as the source has it. `history`: every change ever, appended to a ' +
      'table of its own, with views of each version of a row and of the rows as they are now. ' +
      '`both`.',
  },
  {
    name: 'history.name.format',
    type: { kind: 'string' },
    default: '${table}__history',
    doc:
      'Name of the history of a table: `${table}` and `${schema}` are those of its mirror; a dot ' +
      'parts schema and table. Its views are `<table>__versions` and `<table>__current`.',
  },
  {
    name: 'position.guard',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'A row is written only over an older one, by the positions of changes in their source: for ' +
      'topics that are replayed, repartitioned or merged. Needs a key.',
  },
  {
    name: 'position.guard.tombstones.retention.ms',
    type: { kind: 'duration', min: 1 },
    default: '604800000',
    doc: 'How long the guard remembers what was deleted; an older change then brings it back.',
  },
];

/** Rules of histories; `keyMode` is what the class calls pk.mode. */
export function historyRules(keyMode: 'pk.mode' | 'primary.key.mode'): readonly OptionRule[] {
  return [
    {
      properties: ['write.mode', keyMode],
      check: (options) =>
        keepsHistory(options) && options.string(keyMode) === 'kafka'
          ? `${options.string('write.mode')} has each change as a row already: with ` +
            `${keyMode} kafka use mirror`
          : undefined,
    },
    { properties: ['history.name.format'], check: formatProblem },
    {
      properties: ['position.guard', 'write.mode', 'insert.mode', keyMode],
      check: (options) =>
        options.boolean('position.guard') ? guardProblem(options, keyMode) : undefined,
    },
  ];
}

function guardProblem(
  options: ResolvedOptions,
  keyMode: 'pk.mode' | 'primary.key.mode',
): string | undefined {
  if (!options.string(keyMode).startsWith('record_')) {
    return `true needs a key of the rows: set ${keyMode} to record_key`;
  }
  if (options.string('insert.mode') !== 'upsert') return 'true needs insert.mode upsert';
  return options.string('write.mode') === 'history'
    ? 'true guards rows of the mirror: a history takes changes in any order'
    : undefined;
}

function keepsHistory(options: ResolvedOptions): boolean {
  return options.string('write.mode') !== 'mirror';
}

function formatProblem(options: ResolvedOptions): string | undefined {
  const format = options.string('history.name.format');
  const unknown = [...format.matchAll(/\$\{([^}]*)\}/g)]
    .map(([text]) => text)
    .filter((text) => text !== '${table}' && text !== '${schema}');
  if (unknown.length > 0) return `does not know ${unknown.join(', ')}, only \${table}, \${schema}`;
  const parts = format.split(/\.(?![^${]*\})/);
  if (parts.length > 2) return 'has more than schema and table';
  if (!(parts.at(-1) ?? '').includes('${table}')) {
    return 'must have ${table} in the name of the table: each has a history of its own';
  }
  return format === '${table}' || format === '${schema}.${table}'
    ? 'would be the name of the mirror'
    : undefined;
}
