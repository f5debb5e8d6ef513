/**
 * A file of Java properties, as Connect's standalone worker and Debezium Server read it, as YAML
 * with each property in its own line: places in messages are those of the file. What stands twice
 * stays twice. Debezium Server's names become those of the connector; its sinks stay unknown.
 */
export function propertiesAsYaml(text: string): string {
  const lines = text.split(/\r\n|[\n\r]/);
  const made: string[] = [];
  for (let at = 0; at < lines.length;) {
    const first = at;
    let line = (lines[at++] ?? '').trimStart();
    while (isContinued(line) && at < lines.length) {
      line = line.slice(0, -1) + (lines[at++] ?? '').trimStart();
    }
    made.push(line === '' || isComment(line) ? '' : yamlLine(line));
    for (let blank = first + 1; blank < at; blank++) made.push('');
  }
  return made.join('\n');
}

function isComment(line: string): boolean {
  return /^[#!]/.test(line);
}

/** An odd number of backslashes at the end; comments never go on. */
function isContinued(line: string): boolean {
  return !isComment(line) && (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

/** The key ends at the first `=`, `:` or blank that has no backslash before it. */
function yamlLine(line: string): string {
  const [, key = '', value = ''] = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line) ?? [];
  const name = connectorName(unescaped(key));
  return `${JSON.stringify(name)}: ${JSON.stringify(unescaped(value))}`;
}

function connectorName(key: string): string {
  return key
    .replace(/^debezium\.source\./, '')
    .replace(/^debezium\.(?=(?:transforms|predicates)(?:\.|$))/, '')
    .replace(/^debezium\.format\.(key|value)(?=\.|$)/, '$1.converter');
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|(.?))/gs,
    (_, code: string | undefined, char: string = '') =>
      code === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
