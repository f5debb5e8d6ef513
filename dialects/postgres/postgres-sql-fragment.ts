const NAME_START = '[A-Za-z_\\u0080-\\uffff]';
const NAME_PART = '[A-Za-z0-9_\\u0080-\\uffff]';

/** Quoted text and comments, in which brackets and semicolons mean nothing. */
const OPAQUE = new RegExp(
  [
    String.raw`[eE]'(?:[^'\\]|\\[^]|'')*'`,
    `'(?:[^']|'')*'`,
    `"(?:[^"]|"")*"`,
    String.raw`(\$(?:${NAME_START}${NAME_PART}*)?\$)[^]*?\1`,
    String.raw`--[^\n]*`,
  ].join('|'),
  'y',
);

/**
 * Why a piece of SQL from outside does not stay within the brackets that it is put into; null when
 * it does. A condition of a signal goes into a query of ours: with a bracket too many and a
 * semicolon it would be a statement of its own, run with our rights.
 */
export function fragmentProblem(sql: string): string | null {
  let depth = 0;
  for (let at = 0; at < sql.length;) {
    const end = opaqueEnd(sql, at);
    if (end > at) {
      at = end;
      continue;
    }
    const char = sql[at++];
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (char === ';') return 'has a semicolon';
    // What begins here does not end, or the whole would have been taken.
    else if (char === "'" || char === '"') return 'has a quote that is not closed';
    else if (char === '/' && sql[at] === '*') return 'has a comment that is not closed';
    if (depth < 0) return 'closes a bracket that it did not open';
  }
  return depth > 0 ? 'has a bracket that is not closed' : null;
}

function opaqueEnd(sql: string, at: number): number {
  if (sql.startsWith('/*', at)) return commentEnd(sql, at);
  // A letter in front makes it part of a name: `a$b$` is no quote, `nameE'x'` none of that kind.
  const isInName = at > 0 && /[\w$\u0080-\uffff]/.test(sql[at - 1] ?? '');
  if (isInName && /[eE$]/.test(sql[at] ?? '')) return at;
  OPAQUE.lastIndex = at;
  return OPAQUE.test(sql) ? OPAQUE.lastIndex : at;
}

/** Comments nest. */
function commentEnd(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length - 1;) {
    const two = sql.slice(at, at + 2);
    if (two === '/*') depth++;
    else if (two === '*/') depth--;
    at += two === '/*' || two === '*/' ? 2 : 1;
    if (depth === 0) return at;
  }
  return from;
}
