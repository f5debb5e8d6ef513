/**
 * A statement as the original tells it: to its last token. A comment behind it is none; of one that
 * the server executes only the end is missing, as in what SHOW CREATE TABLE of MySQL says of
 * partitions.
 */
export function statementText(sql: string): string {
  let text = sql.trimEnd();
  while (text.endsWith('*/')) {
    const start = text.lastIndexOf('/*');
    if (start < 0) return text;
    const isExecuted = /^\/\*M?!/.test(text.slice(start));
    text = (isExecuted ? text.slice(0, -2) : text.slice(0, start)).trimEnd();
    if (isExecuted) return text;
  }
  return text;
}
