/** Quotes a name: `` a`b `` → ``` `a``b` ```. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A name with its database, each part quoted on its own. */
export function quoteQualifiedName(database: string, name: string): string {
  return `${quoteName(database)}.${quoteName(name)}`;
}

const SPECIAL = /['\\]/;

/**
 * A text in a session of ours, whose sql_mode takes backslashes for escapes. Doubled quotes keep it
 * in its bounds under any other mode too (PITFALLS S24).
 */
export function quoteText(text: string): string {
  return SPECIAL.test(text)
    ? `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text}'`;
}

/** A text for statements that people run too: right under any sql_mode. */
export function portableText(text: string): string {
  return text.includes('\\')
    ? `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`
    : `'${text.replaceAll("'", "''")}'`;
}
