import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import type { TargetColumn, TargetTable, WantedType, Widening } from '../dialect.ts';
import type { MysqlTypeName } from '../mysql-type-name.ts';
import { mysqlSourceType, parseMysqlType } from '../mysql-type-name.ts';
import { mysqlTypeFits, mysqlTypeHolds } from './mysql-column-types.ts';
import { quoteName, quoteQualifiedName } from './mysql-identifiers.ts';

/*
 * Which columns of this family grow. Within a kind ALTER keeps each value, and a record of the
 * older schema becomes the same value as it had before: that is not so where a number, a time or a
 * JSON becomes a text, and an instant becomes a DATETIME by a time zone that nobody tells.
 */

interface Growth {
  readonly from: RegExp;
  readonly to: RegExp;
  /** Only where the column of the source is of this family: elsewhere it means something else. */
  readonly ofFamily?: true;
}

const INTEGER = /^(?:tiny|small|medium|big)?int$/;
const TEXT = /^(?:var)?char$|text$/;
const SHAPE = /^(?:multi)?(?:point|linestring|polygon)$|^geometrycollection$/;

const GROWTHS: readonly Growth[] = [
  { from: INTEGER, to: INTEGER },
  { from: INTEGER, to: /^decimal$/ },
  { from: /^decimal$/, to: /^decimal$/ },
  { from: /^float$/, to: /^double$/ },
  { from: TEXT, to: TEXT },
  { from: /blob$|binary$/, to: /blob$|binary$/ },
  { from: /^time$/, to: /^time$/ },
  { from: /^datetime$/, to: /^datetime$/ },
  { from: /^timestamp$/, to: /^timestamp$/ },
  // PostgreSQL fills bits up on the other side, and its date need not be a midnight.
  { from: /^bit$/, to: /^bit$/, ofFamily: true },
  { from: /^date$/, to: /^datetime$/, ofFamily: true },
  { from: /^enum$/, to: /^enum$|text$/, ofFamily: true },
  { from: /^set$/, to: /^set$|text$/, ofFamily: true },
  { from: SHAPE, to: /^geometry$/, ofFamily: true },
];

/** Such a type cannot be a key as a whole. */
const UNLIMITED = /text$|blob$/;

function grows(have: MysqlTypeName, want: MysqlTypeName, ofFamily: boolean): boolean {
  const isGrowth = GROWTHS.some(
    (growth) =>
      growth.from.test(have.base) &&
      growth.to.test(want.base) &&
      (growth.ofFamily !== true || ofFamily),
  );
  // Members are numbers inside: those that are there keep theirs only at the same place.
  const sameNumbers =
    want.members === null || (have.members ?? []).every((name, at) => want.members?.[at] === name);
  return isGrowth && sameNumbers && mysqlTypeFits(want, have) && !mysqlTypeFits(have, want);
}

/** What it takes to give the column the wanted type; null: it has room, or is somebody's choice. */
export function mysqlWidening(
  { name }: TargetTable,
  column: TargetColumn,
  wanted: WantedType,
  schema: ConnectSchema,
): Widening | null {
  const have = parseMysqlType(column.type);
  const want = parseMysqlType(wanted.ddl);
  if (column.generated || have === null || want === null) return null;
  const ofFamily = mysqlSourceType(schema) !== null;
  const isTold = ofFamily || schema.parameters?.[POSTGRES_SOURCE_TYPE] !== undefined;
  // Labels and documents are kept as texts, for which somebody has chosen a length.
  const isText = schema.type === 'string' && schema.name !== undefined;
  const isKnown = wanted.exact || (isTold && !isText);
  if (!isKnown && mysqlTypeHolds(column, wanted)) return null;
  if (!grows(have, want, ofFamily)) return null;
  const table = quoteQualifiedName(name.schema, name.table);
  const refusal = UNLIMITED.test(want.base) ? refusalOf(table, column, want.base) : null;
  return refusal ?? { kind: isInCatalog(column, have, want) ? 'catalog' : 'rewrite' };
}

function refusalOf(table: string, column: TargetColumn, base: string): Widening | null {
  const type = base.toUpperCase();
  const [index] = column.wholeInIndexes ?? [];
  if (index !== undefined && !UNLIMITED.test(column.type)) {
    const which = index === 'PRIMARY' ? 'the primary key' : `the index ${index}`;
    const drop = index === 'PRIMARY' ? 'DROP PRIMARY KEY' : `DROP INDEX ${quoteName(index)}`;
    return {
      kind: 'refused',
      reason: `${which} has the whole column in it, which a ${type} cannot be`,
      cure:
        `ALTER TABLE ${table} ${drop}; the sink changes the column then, and an index on its ` +
        `beginning, ${quoteName(column.name)}(255), may be made.`,
    };
  }
  if (column.unlimitedDefinition !== null) return null;
  return {
    kind: 'refused',
    reason: `it has a default, which a ${type} of this server cannot have`,
    cure: `ALTER TABLE ${table} ALTER COLUMN ${quoteName(column.name)} DROP DEFAULT;`,
  };
}

/** Bytes that a character may have; in other charsets they are from 1 to 4. */
const CHARACTER_BYTES: Readonly<Record<string, number>> = { utf8mb4: 4, utf8mb3: 3, utf8: 3 };
/** Up to so many bytes the length of a value is one byte. */
const LENGTH_BYTE = 255;

/** The servers agree on no more than this; newer ones leave the rows as they are more often. */
function isInCatalog(
  { definition = '' }: TargetColumn,
  have: MysqlTypeName,
  want: MysqlTypeName,
): boolean {
  if (have.base !== want.base) return false;
  if (have.members !== null && want.members !== null) {
    return sizeOfMembers(have) === sizeOfMembers(want);
  }
  if (have.base !== 'varchar' && have.base !== 'varbinary') return false;
  const known = CHARACTER_BYTES[/CHARACTER SET (\w+)/.exec(definition)?.[1] ?? ''];
  const isText = have.base === 'varchar';
  const [least, most] = isText ? [known ?? 1, known ?? 4] : [1, 1];
  const staysShort = (want.length ?? 0) * most <= LENGTH_BYTE;
  return staysShort || (have.length ?? 0) * least > LENGTH_BYTE;
}

/** An ENUM is a number, a SET a bit for each member. */
function sizeOfMembers({ base, members }: MysqlTypeName): number {
  const count = members?.length ?? 0;
  if (base === 'enum') return count <= LENGTH_BYTE ? 1 : 2;
  const bytes = Math.ceil(count / 8);
  return bytes > 4 ? 8 : bytes;
}
