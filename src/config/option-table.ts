import type { Option } from './option.ts';

const TEXT = { kind: 'string' } as const;

/** Known properties that mean nothing here: name → why. */
export function acceptedOptions(reasons: Readonly<Record<string, string>>): Option[] {
  return Object.entries(reasons).map(([name, reason]) => ({
    name,
    type: TEXT,
    doc: `Accepted without effect: ${reason}.`,
    status: 'accepted',
    reason,
  }));
}

/** Known properties that would change the outcome and are not built: name → why, what instead. */
export function refusedOptions(reasons: Readonly<Record<string, string>>): Option[] {
  return Object.entries(reasons).map(([name, reason]) => ({
    name,
    type: TEXT,
    doc: `Refused: ${reason}.`,
    status: 'refused',
    reason,
  }));
}

/**
 * The table with other defaults: those of the class that was named. Null takes a default away. A
 * name that the table lacks is a slip in our own tables.
 */
export function withDefaults(
  table: readonly Option[],
  defaults: Readonly<Record<string, string | null>>,
): readonly Option[] {
  const names = new Set(table.map((option) => option.name));
  const stray = Object.keys(defaults).find((name) => !names.has(name));
  if (stray !== undefined) throw new RangeError(`no option ${stray} to give a default`);
  return table.map((option) => {
    const value = defaults[option.name];
    if (value === undefined) return option;
    const { default: _default, ...rest } = option;
    return value === null ? rest : { ...rest, default: value };
  });
}

/** The table with other texts. A name that the table lacks is a slip in our own tables. */
export function withDocs(
  table: readonly Option[],
  docs: Readonly<Record<string, string>>,
): readonly Option[] {
  const names = new Set(table.map((option) => option.name));
  const stray = Object.keys(docs).find((name) => !names.has(name));
  if (stray !== undefined) throw new RangeError(`no option ${stray} to describe`);
  return table.map((option) => ({ ...option, doc: docs[option.name] ?? option.doc }));
}

/** The table for servers that have databases where PostgreSQL has schemas. */
export function inDatabases(table: readonly Option[]): readonly Option[] {
  return table.map((option) => ({
    ...option,
    doc: option.doc.replaceAll('schema.table', 'database.table'),
  }));
}
