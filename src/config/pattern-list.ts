/**
 * Java's regular expressions in JavaScript. Both agree on nearly all that stands in include lists;
 * where the same text would silently mean something else, it is refused.
 */

export class PatternError extends Error {}

/** What Java understands and JavaScript takes for a plain letter, or understands differently. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/\\[QE]/, '\\Q…\\E quoting'],
  [/\\[AZzGhHRXV]/, 'an escape that only Java knows'],
  [/\(\?>/, 'an atomic group'],
  [/[*+?}]\+/, 'a possessive quantifier'],
  [/&&/, 'an intersection of character classes'],
  [/\[:\w+:\]/, 'a POSIX character class'],
];

/** Splits at commas outside of brackets, groups, quantifiers and escapes. */
export function splitPatterns(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let inClass = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '(' || char === '{') depth++;
    else if (char === ')' || char === '}') depth--;
    else if (char === ',' && depth <= 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The pattern, anchored at both ends. Throws PatternError with the reason. */
export function compilePattern(source: string, flags: '' | 'i'): RegExp {
  const inline = /^\(\?i\)/.exec(source);
  const body = inline === null ? source : source.slice(inline[0].length);
  for (const [construct, what] of FOREIGN) {
    if (construct.test(body)) throw new PatternError(`uses ${what}, which is not supported`);
  }
  const caseFlag = inline === null ? flags : 'i';
  // \p{…} has a meaning only with the u flag; elsewhere that flag would refuse harmless escapes
  // such as `\-` that Java's users write.
  const unicode = /\\[pP]\{/.test(body) ? 'u' : '';
  try {
    return new RegExp(`^(?:${body})$`, caseFlag + unicode);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /, '') : String(error);
    throw new PatternError(`is not a regular expression: ${reason}`);
  }
}
