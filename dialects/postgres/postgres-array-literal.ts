const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

/** An array element in quotes; whether it needs them is not worth asking. */
function quoteElement(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPED, String.raw`\$&`)}"` : `"${text}"`;
}

/**
 * PostgreSQL's text of a one-dimensional array: `{"a","b\"c",NULL}`. `plain` says that no element
 * holds a character that would need quoting (numbers, dates, uuids).
 */
export function arrayLiteral(
  elements: readonly (string | null)[],
  plain: boolean,
  delimiter = ',',
): string {
  let text = '{';
  for (let i = 0; i < elements.length; i++) {
    if (i > 0) text += delimiter;
    const element = elements[i];
    if (element === null || element === undefined) text += 'NULL';
    else text += plain ? element : quoteElement(element);
  }
  return `${text}}`;
}
