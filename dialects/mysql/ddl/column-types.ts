import {
  bytesPerCharacter,
  canonicalCharset,
  charsetOfCollation,
  resolveCharacterSet,
} from './character-sets.ts';
import type { ServerVersion } from './ddl-dialect.ts';
import type { TypeSyntax } from './ddl-syntax.ts';
import type { TableContext } from './statement-context.ts';
import type { ColumnType } from './table-definition.ts';

/** Widths that integers have when none is written: signed, unsigned. */
const WIDTHS: Readonly<Record<string, readonly [number, number]>> = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
};
const FRACTIONAL = new Set(['time', 'datetime', 'timestamp']);
const BLOBS = ['tinyblob', 'blob', 'mediumblob', 'longblob'] as const;
const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext'] as const;
const TEXT_TYPES = new Set<string>(['char', 'varchar', 'enum', 'set', ...TEXTS]);
const BINARY_TYPES: Readonly<Record<string, string>> = {
  char: 'binary',
  varchar: 'varbinary',
  tinytext: 'tinyblob',
  text: 'blob',
  mediumtext: 'mediumblob',
  longtext: 'longblob',
};
/** The longest VARCHAR, and the capacities of the TEXT types, in bytes. */
const VARCHAR_BYTES = 65_535;
const BLOB_BYTES = [255, 65_535, 16_777_215] as const;

const BARE: Omit<ColumnType, 'base'> = {
  length: null,
  scale: null,
  unsigned: false,
  zerofill: false,
  members: null,
  charset: null,
  collation: null,
};

/** Fills in what a statement leaves open. */
export function resolveType(syntax: TypeSyntax, context: TableContext): ColumnType {
  const { base, collation } = syntax;
  if (TEXT_TYPES.has(base)) return resolveText(syntax, context);
  // MariaDB: BLOB with the collation of a text is a text.
  const text = collation === null || collation === 'binary' ? undefined : textOfBinary(base);
  if (text !== undefined) return resolveText({ ...syntax, base: text }, context);
  const numeric = { unsigned: syntax.unsigned, zerofill: syntax.zerofill };
  const width = WIDTHS[base];
  if (width !== undefined) {
    const length = syntax.length ?? width[syntax.unsigned ? 1 : 0];
    return { ...BARE, base, ...numeric, length };
  }
  switch (base) {
    case 'decimal': {
      const length = syntax.length === null || syntax.length === 0 ? 10 : syntax.length;
      return { ...BARE, base, ...numeric, length, scale: syntax.scale ?? 0 };
    }
    case 'float':
    case 'double': {
      const { scale } = syntax;
      return { ...BARE, base, ...numeric, length: scale === null ? null : syntax.length, scale };
    }
    case 'bit':
    case 'binary':
      return { ...BARE, base, length: syntax.length ?? 1 };
    case 'year':
      return { ...BARE, base, length: 4 };
    case 'varbinary':
      return sized({ ...BARE, base, length: syntax.length });
    case 'blob':
      return syntax.length === null ? { ...BARE, base } : { ...BARE, base: blobFor(syntax.length) };
    case 'vector':
      return { ...BARE, base, length: syntax.length ?? 2048 };
    case 'json':
      return context.dialect.flavor === 'mysql'
        ? { ...BARE, base }
        : mariadbJson(canonicalCharset(collation ?? 'utf8mb4_bin'));
    default:
      return { ...BARE, base, length: FRACTIONAL.has(base) ? (syntax.length ?? 0) : null };
  }
}

/** MariaDB's JSON is text with a CHECK (PITFALLS B87). */
function mariadbJson(collation: string): ColumnType {
  return { ...BARE, base: 'longtext', charset: charsetOfCollation(collation), collation };
}

function resolveText(syntax: TypeSyntax, context: TableContext): ColumnType {
  const { dialect, tableCharset, defaultCollations } = context;
  let set = resolveCharacterSet(
    syntax.charset,
    syntax.collation,
    tableCharset,
    dialect,
    defaultCollations,
  );
  if (syntax.isBinaryCollation && set.charset !== 'binary') {
    set = { charset: set.charset, collation: `${set.charset}_bin` };
  }
  const { base, members } = syntax;
  if (members !== null) {
    // Spaces at the end of members go, but of binary ones they stay.
    const kept =
      set.charset === 'binary' ? members : members.map((name) => name.replace(/ +$/, ''));
    return { ...BARE, base, members: kept, ...set };
  }
  const length = base === 'char' ? (syntax.length ?? 1) : syntax.length;
  if (set.charset === 'binary') {
    return resolveType({ ...syntax, base: BINARY_TYPES[base] as string, length }, context);
  }
  return sized({ ...BARE, base, length, ...set });
}

function textOfBinary(base: string): string | undefined {
  return Object.keys(BINARY_TYPES).find((text) => BINARY_TYPES[text] === base);
}

function blobFor(bytes: number): string {
  const at = BLOB_BYTES.findIndex((most) => bytes <= most);
  return BLOBS[at < 0 ? 3 : at] as string;
}

/** TEXT(n) is the smallest type that holds n characters, and so is a VARCHAR that is too long. */
function sized(type: ColumnType): ColumnType {
  const { base, length, charset } = type;
  if (length === null || base === 'char') return type;
  const bytes = length * bytesPerCharacter(charset ?? 'binary');
  const isVariable = base === 'varchar' || base === 'varbinary';
  if (isVariable && bytes <= VARCHAR_BYTES) return type;
  const blob = blobFor(bytes);
  if (charset === null) return { ...type, base: blob, length: null };
  return { ...type, base: TEXTS[BLOBS.indexOf(blob as 'blob')] as string, length: null };
}

/** The type after CONVERT TO CHARACTER SET: TEXT grows so that it holds as many characters. */
export function convertType(type: ColumnType, charset: string, collation: string): ColumnType {
  if (type.charset === null || type.charset === 'binary') return type;
  const at = (TEXTS as readonly string[]).indexOf(type.base);
  if (charset === 'binary') {
    if (type.members !== null) return { ...type, charset, collation };
    return { ...type, base: BINARY_TYPES[type.base] as string, charset: null, collation: null };
  }
  if (at < 0) return sized({ ...type, charset, collation });
  if (at === 3) return { ...type, charset, collation };
  const characters = Math.floor((BLOB_BYTES[at] as number) / bytesPerCharacter(type.charset));
  return sized({ ...type, length: characters, charset, collation });
}

/** COLUMN_TYPE of information_schema. */
export function columnTypeText(type: ColumnType, server: ServerVersion): string {
  const { base, length, scale, members } = type;
  const isNew = server.flavor === 'mysql' && server.version >= 80_019;
  const suffix = `${type.unsigned ? ' unsigned' : ''}${type.zerofill ? ' zerofill' : ''}`;
  if (members !== null) return `${base}(${members.map(quoted).join(',')})`;
  if (base in WIDTHS) {
    // Widths went with 8.0.19, but for the one that says boolean (PITFALLS B78).
    const isBoolean = base === 'tinyint' && length === 1 && !type.unsigned;
    const shown = !isNew || isBoolean || type.zerofill;
    return `${base}${shown ? `(${length ?? 0})` : ''}${suffix}`;
  }
  if (base === 'year') return isNew ? 'year' : 'year(4)';
  if (base === 'geometrycollection' && server.flavor === 'mysql' && server.version >= 80_000) {
    return 'geomcollection';
  }
  if (FRACTIONAL.has(base)) return length === null || length === 0 ? base : `${base}(${length})`;
  if (length === null) return `${base}${suffix}`;
  return `${base}(${length}${scale === null ? '' : `,${scale}`})${suffix}`;
}

function quoted(member: string): string {
  return `'${member.replaceAll("'", "''")}'`;
}
