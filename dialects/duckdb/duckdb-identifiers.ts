/** Quotes a name: `a"b` → `"a""b"`. */
export function quoteDuckdbName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The schema of tables of the session alone. */
export const SESSION_SCHEMA = '';

/**
 * A name with its schema, each part quoted on its own. Of the session's own by its full name: a
 * schema of the file may be called as their catalog is.
 */
export function quoteDuckdbTable(schema: string, table: string): string {
  if (schema === SESSION_SCHEMA) return `temp.main.${quoteDuckdbName(table)}`;
  return `${quoteDuckdbName(schema)}.${quoteDuckdbName(table)}`;
}

/** A text as SQL. Nothing but the quote means anything in it. */
export function duckdbLiteral(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  // The text of a statement ends at a NUL.
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' || chr(0) || ')})`;
}
