import type { QualifiedName } from './table-catalog.ts';

/** A column of a record of Debezium's schema history, whichever release wrote it. */
export interface ToldColumn {
  readonly name: string;
  readonly typeName: string;
  readonly charsetName?: string | null;
  readonly length?: number | null;
  readonly scale?: number | null;
  readonly optional?: boolean;
  readonly autoIncremented?: boolean;
  readonly comment?: string | null;
  readonly defaultValueExpression?: string | null;
  /** With their quotes. */
  readonly enumValues?: readonly string[] | null;
}

/** A table of such a record. */
export interface ToldTable {
  readonly defaultCharsetName?: string | null;
  readonly primaryKeyColumnNames: readonly string[];
  readonly columns: readonly ToldColumn[];
}

/** An entry of `tableChanges` of such a record. */
export interface ToldChange {
  readonly type: string;
  /** `"db"."table"` */
  readonly id: string;
  readonly previousId?: string | null;
  readonly table?: ToldTable | null;
}

const ATTRIBUTES = /(?:\s+(?:UNSIGNED|SIGNED|ZEROFILL|BINARY|BYTE))+$/i;
const IS_LIST = /^(?:ENUM|SET)\b/i;
const WHOLE_NUMBER = /^(?:TINY|SMALL|MEDIUM|BIG)?INT(?:EGER)?\b/i;

/**
 * The statement that makes a table as Debezium describes it. What it does not tell is lost:
 * collations, expressions, other keys than the first.
 */
export function debeziumTableStatement(
  { database, name }: QualifiedName,
  { columns, primaryKeyColumnNames, defaultCharsetName }: ToldTable,
): string {
  const lines = columns.map(columnLine);
  if (primaryKeyColumnNames.length > 0) {
    lines.push(`PRIMARY KEY (${primaryKeyColumnNames.map(quotedName).join(',')})`);
  }
  const charset = charsetClause('DEFAULT CHARSET=', defaultCharsetName);
  return `CREATE TABLE ${quotedName(database)}.${quotedName(name)} (${lines.join(', ')})${charset}`;
}

function columnLine(column: ToldColumn): string {
  const { name, optional = true, autoIncremented, comment } = column;
  const isCounter = autoIncremented === true && WHOLE_NUMBER.test(column.typeName);
  return [
    `${quotedName(name)} ${typeText(column)}${charsetClause('CHARACTER SET ', column.charsetName)}`,
    optional ? 'NULL' : 'NOT NULL',
    ...defaultClause(column),
    ...(isCounter ? ['AUTO_INCREMENT'] : []),
    ...((comment ?? '') === '' ? [] : [`COMMENT ${quotedText(comment ?? '')}`]),
  ].join(' ');
}

function typeText({ typeName, length, scale, enumValues }: ToldColumn): string {
  const attributes = ATTRIBUTES.exec(typeName)?.[0] ?? '';
  const base = typeName.slice(0, typeName.length - attributes.length);
  // The parser for MySQL says BINARY twice, and of a text it means a collation that is not told.
  const kept = attributes.replaceAll(/\s+(?:BINARY|BYTE)\b/gi, '');
  if (IS_LIST.test(base)) return `${base}(${(enumValues ?? []).join(',')})${kept}`;
  const sizes = [length, scale].filter((size) => size !== undefined && size !== null);
  return `${base}${sizes.length === 0 ? '' : `(${sizes.join(',')})`}${kept}`;
}

function defaultClause({ defaultValueExpression: value }: ToldColumn): readonly string[] {
  if (value === undefined || value === null) return [];
  if (/^b'[01]*'$/i.test(value)) return [`DEFAULT ${value}`];
  // As it was written, without the quotes around it.
  return [`DEFAULT ${/^(?:[^'\\]|\\.|'')*$/s.test(value) ? `'${value}'` : quotedText(value)}`];
}

/** Names of character sets have no other characters; what has is none. */
function charsetClause(words: string, charset: string | null | undefined): string {
  return /^\w+$/.test(charset ?? '') ? ` ${words}${charset}` : '';
}

/** For a parser to which a backslash is no character. */
function quotedText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The table that an entry is about: `"db"."table"`; null: it names none. */
export function tableOfDebeziumId(id: string): QualifiedName | null {
  const parts = [...id.matchAll(/"((?:[^"]|"")*)"/g)].map(([, text = '']) =>
    text.replaceAll('""', '"'),
  );
  const [database, name, more] = parts;
  return database === undefined || name === undefined || more !== undefined
    ? null
    : { database, name };
}
