/** Quotes a name: `a"b` → `"a""b"`. */
export function quoteSqliteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name with its schema, each part quoted on its own. */
export function quoteSqliteTable(schema: string, table: string): string {
  return `${quoteSqliteName(schema)}.${quoteSqliteName(table)}`;
}

/** A text as SQL. A NUL would end the statement: a text with one is written as its bytes. */
export function sqliteLiteral(text: string): string {
  return text.includes('\0')
    ? `CAST(X'${Buffer.from(text).toString('hex')}' AS TEXT)`
    : `'${text.replaceAll("'", "''")}'`;
}
