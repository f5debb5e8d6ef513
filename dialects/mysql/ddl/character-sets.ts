import type { ServerVersion } from './ddl-dialect.ts';

/** A character set with one of its collations. */
export interface CharacterSet {
  readonly charset: string;
  readonly collation: string;
}

/** Name, default collation without the name before it, most bytes of a character. */
const CHARSETS: ReadonlyMap<string, readonly [string, number]> = new Map([
  ['armscii8', ['general_ci', 1]],
  ['ascii', ['general_ci', 1]],
  ['big5', ['chinese_ci', 2]],
  ['binary', ['', 1]],
  ['cp1250', ['general_ci', 1]],
  ['cp1251', ['general_ci', 1]],
  ['cp1256', ['general_ci', 1]],
  ['cp1257', ['general_ci', 1]],
  ['cp850', ['general_ci', 1]],
  ['cp852', ['general_ci', 1]],
  ['cp866', ['general_ci', 1]],
  ['cp932', ['japanese_ci', 2]],
  ['dec8', ['swedish_ci', 1]],
  ['eucjpms', ['japanese_ci', 3]],
  ['euckr', ['korean_ci', 2]],
  ['gb18030', ['chinese_ci', 4]],
  ['gb2312', ['chinese_ci', 2]],
  ['gbk', ['chinese_ci', 2]],
  ['geostd8', ['general_ci', 1]],
  ['greek', ['general_ci', 1]],
  ['hebrew', ['general_ci', 1]],
  ['hp8', ['english_ci', 1]],
  ['keybcs2', ['general_ci', 1]],
  ['koi8r', ['general_ci', 1]],
  ['koi8u', ['general_ci', 1]],
  ['latin1', ['swedish_ci', 1]],
  ['latin2', ['general_ci', 1]],
  ['latin5', ['turkish_ci', 1]],
  ['latin7', ['general_ci', 1]],
  ['macce', ['general_ci', 1]],
  ['macroman', ['general_ci', 1]],
  ['sjis', ['japanese_ci', 2]],
  ['swe7', ['swedish_ci', 1]],
  ['tis620', ['thai_ci', 1]],
  ['ucs2', ['general_ci', 2]],
  ['ujis', ['japanese_ci', 3]],
  ['utf16', ['general_ci', 4]],
  ['utf16le', ['general_ci', 4]],
  ['utf32', ['general_ci', 4]],
  ['utf8mb3', ['general_ci', 3]],
  ['utf8mb4', ['general_ci', 4]],
]);

/** The most bytes that a character takes. */
export function bytesPerCharacter(charset: string): number {
  return CHARSETS.get(charset)?.[1] ?? 1;
}

/** Utf8 is utf8mb3, as a character set and in the names of collations. */
export function canonicalCharset(name: string): string {
  return name.replace(/^utf8(?=_|$)/, 'utf8mb3');
}

/**
 * What a server calls a character set or collation of ours: before MySQL 8.0.28 (collations 8.0.30)
 * and MariaDB 10.6 utf8mb3 was shown as utf8.
 */
export function shownCharset(name: string, { flavor, version }: ServerVersion): string {
  const since = flavor === 'mariadb' ? 100_600 : name.includes('_') ? 80_030 : 80_028;
  return version >= since ? name : name.replace(/^utf8mb3/, 'utf8');
}

/**
 * The collation that a character set has when none is named (PITFALLS B104). MariaDB 11.5 and later
 * have others by `character_set_collations`; a statement for which that matters brings its value
 * along in its event, so that without overrides it is what it always was.
 */
export function defaultCollation(
  charset: string,
  { flavor, version }: ServerVersion,
  overrides: Readonly<Record<string, string>>,
): string {
  const override = overrides[charset];
  if (override !== undefined) return canonicalCharset(override);
  if (charset === 'binary') return 'binary';
  if (flavor === 'mysql' && charset === 'utf8mb4' && version >= 80_001) return 'utf8mb4_0900_ai_ci';
  return `${charset}_${CHARSETS.get(charset)?.[0] ?? 'general_ci'}`;
}

/** What `CHARACTER SET DEFAULT` is: the database's, for MariaDB without its collation. */
export function databaseDefault(database: CharacterSet, server: ServerVersion): CharacterSet {
  const { charset, collation } = database;
  const isWhole = server.flavor === 'mysql';
  return { charset, collation: isWhole ? collation : defaultCollation(charset, server, {}) };
}

/** The character set of a collation: its name begins with it. */
export function charsetOfCollation(collation: string): string {
  return collation.split('_', 1)[0] as string;
}

/** What a charset and a collation as written come to; null for both: `inherited`. */
export function resolveCharacterSet(
  charset: string | null,
  collation: string | null,
  inherited: CharacterSet,
  server: ServerVersion,
  overrides: Readonly<Record<string, string>>,
): CharacterSet {
  const named = charset === null || charset === 'default' ? null : canonicalCharset(charset);
  if (collation === null || collation === 'default') {
    if (named === null && collation === null) {
      return { charset: inherited.charset, collation: inherited.collation };
    }
    const of = named ?? inherited.charset;
    return { charset: of, collation: defaultCollation(of, server, overrides) };
  }
  const full = canonicalCharset(collation);
  // MariaDB: `uca1400_ai_ci` is of any Unicode character set.
  if (full.startsWith('uca1400_')) {
    const of = named ?? inherited.charset;
    return { charset: of, collation: `${of}_${full}` };
  }
  return { charset: charsetOfCollation(full), collation: full };
}
