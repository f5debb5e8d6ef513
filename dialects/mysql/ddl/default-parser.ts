import type { DdlCursor } from './ddl-cursor.ts';
import type { DefaultSyntax } from './ddl-syntax.ts';

const NOW = new Set(['CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP']);
const INTRODUCER = /^_[A-Z0-9]+$/;

/** Reads what stands behind DEFAULT (or SET DEFAULT). */
export function parseDefault(cursor: DdlCursor): DefaultSyntax {
  if (cursor.accept('NULL')) return { kind: 'null' };
  if (cursor.isMark('(')) return parenthesized(cursor);
  const now = acceptNow(cursor);
  if (now !== null) return now;
  return literal(cursor) ?? expression(cursor);
}

/** NOW and its synonyms; the fraction is what stands in brackets. */
export function acceptNow(cursor: DdlCursor): (DefaultSyntax & { kind: 'now' }) | null {
  if (!cursor.isOneOf(NOW)) return null;
  const position = cursor.position;
  const word = cursor.advance().upper;
  let fraction = 0;
  if (cursor.acceptMark('(')) {
    if (!cursor.isMark(')')) fraction = cursor.integer();
    cursor.expectMark(')');
  } else if (word === 'NOW') {
    cursor.fail('(');
  }
  return { kind: 'now', written: cursor.textSince(position), fraction };
}

/** In brackets all is an expression for MySQL; MariaDB sees through them (see the resolver). */
function parenthesized(cursor: DdlCursor): DefaultSyntax {
  return { kind: 'expression', text: cursor.brackets().trim() };
}

function literal(cursor: DdlCursor): DefaultSyntax | null {
  const position = cursor.position;
  let sign = '';
  if (cursor.isMark('-') || cursor.isMark('+')) sign = cursor.advance().text === '-' ? '-' : '';
  else if (INTRODUCER.test(cursor.peek().upper) && isLiteral(cursor, 1)) cursor.advance();
  const token = cursor.peek();
  switch (token.kind) {
    case 'string': {
      const from = cursor.position;
      const text = cursor.string();
      const written = cursor.textSince(from).replace(/^[Nn]/, '');
      return { kind: 'string', text, written: written.slice(1, -1) };
    }
    case 'number':
      cursor.advance();
      return { kind: 'number', text: sign + token.text, written: sign + token.text };
    case 'hex':
    case 'bits':
      cursor.advance();
      return { kind: token.kind, text: token.text, written: token.text };
    default:
  }
  if (cursor.isWord('TRUE') || cursor.isWord('FALSE')) {
    const written = cursor.advance().text;
    return { kind: 'number', text: written.toUpperCase() === 'TRUE' ? '1' : '0', written };
  }
  cursor.reset(position);
  return typedLiteral(cursor);
}

function isLiteral(cursor: DdlCursor, ahead: number): boolean {
  const { kind } = cursor.peek(ahead);
  return kind === 'string' || kind === 'hex' || kind === 'bits';
}

/** `DATE '2020-01-01'`, `TIMESTAMP '…'`. */
function typedLiteral(cursor: DdlCursor): DefaultSyntax | null {
  const isTyped = cursor.isWord('DATE') || cursor.isWord('TIME') || cursor.isWord('TIMESTAMP');
  if (!isTyped || cursor.peek(1).kind !== 'string') return null;
  cursor.advance();
  const text = cursor.string();
  return { kind: 'string', text, written: text };
}

/**
 * MariaDB's expressions without brackets: a name or a call, `NEXT VALUE FOR s`, CASE … END. The
 * server's own grammar takes no operators here, so the column's next attribute is not swallowed.
 */
function expression(cursor: DdlCursor): DefaultSyntax {
  const position = cursor.position;
  if (cursor.accept('CASE')) {
    skipCase(cursor);
  } else if (cursor.accept('NEXT', 'VALUE', 'FOR') || cursor.accept('PREVIOUS', 'VALUE', 'FOR')) {
    cursor.tableName();
  } else {
    if (cursor.isMark('-') || cursor.isMark('+')) cursor.advance();
    cursor.name();
    while (cursor.acceptMark('.')) cursor.name();
    if (cursor.isMark('(')) cursor.brackets();
  }
  return { kind: 'expression', text: cursor.textSince(position) };
}

function skipCase(cursor: DdlCursor): void {
  for (let depth = 1; depth > 0; cursor.advance()) {
    if (cursor.isEnd() || cursor.peek().kind === 'broken') cursor.fail('END');
    if (cursor.isWord('CASE')) depth++;
    else if (cursor.isWord('END')) depth--;
  }
}
