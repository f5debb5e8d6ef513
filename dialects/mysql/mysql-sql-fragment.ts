/** Quoted text and comments, in which brackets and semicolons mean nothing. */
const OPAQUE = new RegExp(
  [
    String.raw`'(?:[^'\\]|\\[^]|'')*'`,
    String.raw`"(?:[^"\\]|\\[^]|"")*"`,
    '`(?:[^`]|``)*`',
    String.raw`--(?=[\s\x00-\x1f]|$)[^\n]*`,
    String.raw`#[^\n]*`,
    // With ! it is code of some versions.
    String.raw`\/\*(?!M?!)[^]*?\*\/`,
  ].join('|'),
  'y',
);

/**
 * Why a piece of SQL from outside does not stay within the brackets that it is put into; null when
 * it does. It is read as a session without sql_mode reads it. The bracket behind it has to stand on
 * a line of its own, as a comment may come before.
 */
export function mysqlFragmentProblem(sql: string): string | null {
  let depth = 0;
  for (let at = 0; at < sql.length;) {
    OPAQUE.lastIndex = at;
    if (OPAQUE.test(sql)) {
      at = OPAQUE.lastIndex;
      continue;
    }
    const char = sql[at++];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ';') return 'has a semicolon';
    // What begins here does not end, or the whole would have been taken.
    else if (char === "'" || char === '"' || char === '`') return 'has a quote that is not closed';
    else if (char === '/' && sql[at] === '*') return 'has a comment that is not closed, or is code';
    if (depth < 0) return 'closes a bracket that it did not open';
  }
  return depth > 0 ? 'has a bracket that is not closed' : null;
}
