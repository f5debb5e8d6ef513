import { renderSearchMapping } from './search-mapping-page.ts';
import type { SourceType, TypeCell, TypeTarget } from './type-mapping.ts';
import { SOURCES, TARGETS, typeCell } from './type-mapping.ts';
import type { Family } from './value-texts.ts';

const NAMES: Readonly<Record<Family, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
};

const HEAD = `# What becomes of every type

Written by \`npm run docs\` from the code that makes the columns; real servers hold it to the
truth (in \`test/e2e\`: families-oracle, sqlite-oracle, duckdb-oracle, value-oracle): each type goes
through the daemon with values at its ends, by snapshot and by stream, and what the source prints
must be what the target has.

- **=** the same type, whatever the product calls it.
- **≈** another type that keeps every value of the source, with all its digits.
- **†** but for values that the target has no place for. They are refused, never changed: the table
  stops there, says so, and goes on once it is mended ([below](#values-that-are-refused)).

This is what sinks make of the records of our short classes (\`connector.class: postgres\`,
\`mysql\`, \`mariadb\`), which tell the source's type, under the default handling modes, with
\`bigint.unsigned.handling.mode: precise\`. A column of a table of your own may have any type that
holds the values. Types that are not here are refused by name when the source starts, unless
\`include.unknown.datatypes\` has their text as bytes.`;

/** `docs/type-mapping.md`, before it is formatted. */
export function renderTypeMapping(): string {
  const sections = Object.entries(SOURCES).map(([family, types]) => {
    const rows = types.filter(({ type }) => !isArray(type)).map(typeRow);
    const arrays = types.filter(({ type }) => isArray(type));
    if (arrays.length > 0) rows.push(arrayRow(arrays));
    return [`## From ${NAMES[family as Family]}`, '', ...table(['type'], rows)].join('\n');
  });
  return [HEAD, ...sections, refusals(), renderSearchMapping()].join('\n\n');
}

function isArray(type: string): boolean {
  return type.endsWith('[]') && !type.endsWith('[][]');
}

function table(first: readonly string[], rows: readonly string[]): readonly string[] {
  const names = [...first, ...TARGETS.map(({ name }) => name)];
  return [`| ${names.join(' | ')} |`, `|${'---|'.repeat(names.length)}`, ...rows];
}

function typeRow(source: SourceType): string {
  const cells = TARGETS.map((target) => shownCell(typeCell(source, target)));
  return `| ${[code(source.type), ...cells].join(' | ')} |`;
}

function shownCell({ kind, type, refused }: TypeCell): string {
  const sign = kind === 'exact' ? '=' : '≈';
  return `${sign} ${code(type)}${refused.length > 0 ? ' †' : ''}`;
}

/** All arrays of PostgreSQL in one row. */
function arrayRow(arrays: readonly SourceType[]): string {
  const cells = TARGETS.map((target) => shownCell(arrayCell(arrays, target)));
  return `| ${['`T[]`', ...cells].join(' | ')} |`;
}

function arrayCell(arrays: readonly SourceType[], target: TypeTarget): TypeCell {
  const scalars = new Map(SOURCES.postgres.map((source) => [source.type, source] as const));
  const kinds = new Set(
    arrays.map((array) => {
      const { type } = typeCell(array, target);
      const element = scalars.get(array.type.slice(0, -2));
      const own = element === undefined ? '' : typeCell(element, target).type;
      return type === `${own}[]` ? 'T[]' : type;
    }),
  );
  const type = [...kinds].toSorted().join('` or `');
  return { type, kind: type === 'T[]' ? 'exact' : 'lossless', refused: [] };
}

function refusals(): string {
  const rows = Object.values(SOURCES).flatMap((types) =>
    types.flatMap((source) => TARGETS.flatMap((target) => refusalRows(source, target))),
  );
  return [
    '## Values that are refused',
    '',
    'Elements of arrays and documents, too, where a number has no place in JSON.',
    '',
    '| type | target | values | why |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** One for each reason. */
function refusalRows(source: SourceType, target: TypeTarget): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { value, reason } of typeCell(source, target).refused) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), code(value)]);
  }
  const type = `${NAMES[source.family]} ${code(source.type)}`;
  return [...byReason].map(
    ([reason, values]) => `| ${type} | ${target.name} | ${values.join(', ')} | ${reason} |`,
  );
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
