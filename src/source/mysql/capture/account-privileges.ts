/** What an account may do, as SHOW GRANTS says it. */
export interface AccountPrivileges {
  /** On all databases, in capitals. */
  readonly everywhere: ReadonlySet<string>;
  /** By `database` or `database.table`, as the GRANT writes it without its quotes. */
  readonly within: ReadonlyMap<string, ReadonlySet<string>>;
}

const GRANT = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /;

/** Reads the lines of SHOW GRANTS; roles are given by the lines of what they may do. */
export function parseGrants(lines: readonly string[]): AccountPrivileges {
  const everywhere = new Set<string>();
  const within = new Map<string, Set<string>>();
  for (const line of lines) {
    const match = GRANT.exec(line);
    if (match === null) continue;
    const [, list = '', database = '', table = ''] = match;
    const place = table === '*' ? unquoted(database) : `${unquoted(database)}.${unquoted(table)}`;
    const known = database === '*' ? everywhere : (within.get(place) ?? new Set<string>());
    if (database !== '*') within.set(place, known);
    for (const name of privilegeNames(list)) known.add(name);
  }
  return { everywhere, within };
}

/** Columns of a privilege (`SELECT (a, b)`) make it one that is not whole, which does not count. */
function privilegeNames(list: string): readonly string[] {
  return list
    .replaceAll(/[A-Z]+ \([^)]*\)/g, '')
    .split(',')
    .map((name) => name.trim().toUpperCase())
    .filter((name) => name !== '');
}

function unquoted(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name;
}

/** Whether one of the privileges is held on all databases. */
export function mayEverywhere(
  { everywhere }: AccountPrivileges,
  ...privileges: readonly string[]
): boolean {
  if (everywhere.has('ALL PRIVILEGES') || everywhere.has('ALL')) return true;
  return privileges.some((privilege) => everywhere.has(privilege));
}

/** Whether the privilege is held on a table, by whichever GRANT. */
export function mayOn(
  privileges: AccountPrivileges,
  privilege: string,
  database: string,
  table: string,
): boolean {
  if (mayEverywhere(privileges, privilege)) return true;
  return [...privileges.within].some(([place, names]) => {
    if (!names.has(privilege) && !names.has('ALL PRIVILEGES')) return false;
    return place === `${database}.${table}` || isPatternFor(place, database);
  });
}

/** The database of a GRANT is a pattern, with `\_` for an underscore that is one. */
function isPatternFor(pattern: string, database: string): boolean {
  const source = pattern.replaceAll(/\\[%_]|[%_]|[^\w%_]/g, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.length === 2 ? (part[1] as string) : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's').test(database);
}
