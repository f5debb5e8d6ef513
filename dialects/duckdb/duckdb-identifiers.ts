/** Quotes a name: `a"b` → `"a""b"`. */
export function quoteDuckdbName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name with its schema, each part quoted on its own. */
export function quoteDuckdbTable(schema: string, table: string): string {
  return `${quoteDuckdbName(schema)}.${quoteDuckdbName(table)}`;
}

/** A text as SQL. Nothing but the quote means anything in it. */
export function duckdbLiteral(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  // The text of a statement ends at a NUL.
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' || chr(0) || ')})`;
}
