import type { ColumnInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { firstCharacters } from '../../../model/column-mask.ts';
import type { ColumnMask } from '../../../model/column-mask.ts';
import type { ConnectSchema, ConnectValue } from '../../../model/connect-schema.ts';
import { SOURCE_COLUMN_NAME } from '../../../model/connect-schema.ts';
import type { ColumnSchema, TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { ColumnMaskRule } from '../../../config/column-mask-options.ts';

/** Of fewer hexadecimal digits two values may easily have the same. */
const KEY_DIGITS_MIN = 32;
const VARIABLE_LENGTH = /^(?:character varying|character)(?:\(|$)/;

/**
 * Puts the masks on the columns that they name. Fail closed: a mask works on every type and on the
 * key as well, or the table is not captured; nothing that a mask names goes out in clear, whether
 * as value, as key, or as the default in a schema.
 */
export function maskColumns(
  table: TableSchema,
  tupleColumns: readonly ColumnInfo[],
  rules: readonly ColumnMaskRule[],
): { readonly schema: TableSchema; readonly problems: readonly TidemarkError[] } {
  if (rules.length === 0) return { schema: table, problems: [] };
  const problems: TidemarkError[] = [];
  const columns = table.columns.map((column, index) => {
    const name = `${tableName(table.id)}.${column.name}`;
    const rule = maskRuleOf(rules, name);
    if (rule === undefined) return column;
    const mask = maskOf(rule, column, tupleColumns[column.tupleIndex]);
    const why =
      mask === null
        ? `is of type ${column.sourceType}, which has neither characters nor bytes to cut`
        : keyProblem(mask, table.keyColumns.includes(index));
    if (why !== null) problems.push(refusal(rule, name, why));
    return mask === null ? column : masked(column, mask);
  });
  return { schema: { ...table, columns }, problems };
}

/** The first rule that names the column. */
export function maskRuleOf(
  rules: readonly ColumnMaskRule[],
  qualified: string,
): ColumnMaskRule | undefined {
  return rules.find(({ patterns }) => patterns.some((pattern) => pattern.test(qualified)));
}

function maskOf(
  rule: ColumnMaskRule,
  column: ColumnSchema,
  info: ColumnInfo | undefined,
): ColumnMask | null {
  switch (rule.kind) {
    case 'constant':
      return { kind: 'constant', text: '*'.repeat(rule.length) };
    case 'hash': {
      const { kind, algorithm, salt, version } = rule;
      return { kind, algorithm, salt, version, length: declaredLength(column, info) };
    }
    case 'truncate': {
      const { kind } = column.format;
      if (kind !== 'string' && kind !== 'bytea') return null;
      const unit = kind === 'bytea' ? 'byte' : 'character';
      return { kind: 'truncate', length: rule.length, unit };
    }
  }
}

/** n of varchar(n) and char(n): the digest has to fit where the value had. */
function declaredLength(column: ColumnSchema, info: ColumnInfo | undefined): number | null {
  const typmod = info?.typmod ?? -1;
  return VARIABLE_LENGTH.test(column.sourceType) && typmod > 4 ? typmod - 4 : null;
}

function keyProblem(mask: ColumnMask, isKey: boolean): string | null {
  if (!isKey) return null;
  if (mask.kind !== 'hash') return 'belongs to the key, and different rows would have equal keys';
  if (mask.length === null || mask.length >= KEY_DIGITS_MIN) return null;
  return (
    `belongs to the key, and of its digest only ${mask.length} digits fit: ` +
    'different rows could have equal keys'
  );
}

function refusal(rule: ColumnMaskRule, column: string, why: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `${shownProperty(rule)}: ${column} ${why}`, {
    cure:
      rule.kind === 'truncate'
        ? 'Mask it (column.mask.with.N.chars), or leave it out with column.exclude.list.'
        : 'Hash it (column.mask.hash.v2.SHA-256.with.salt.…) where it is long enough, give the ' +
          'table another key with message.key.columns, or leave it out with column.exclude.list.',
  });
}

/** A salt stands in the name of its property, and belongs into no log. */
function shownProperty({ property }: ColumnMaskRule): string {
  return property.replace(/(\.with\.salt\.).*$/, '$1…');
}

/**
 * Patterns of masks that name no column, as warnings: it is most likely a slip, and then the values
 * go out in clear. Partitions that come under their own names are named by these.
 */
export function idleMasks(
  rules: readonly ColumnMaskRule[],
  columns: readonly string[],
): readonly string[] {
  return rules.flatMap((rule) =>
    rule.patterns
      .filter((pattern) => !columns.some((column) => pattern.test(column)))
      .map((pattern) => {
        const text = pattern.source.replace(/^\^\(\?:(.*)\)\$$/, '$1');
        return (
          `${shownProperty(rule)}: ${text} names no column of a captured table: ` +
          'it hides nothing'
        );
      }),
  );
}

function masked(column: ColumnSchema, mask: ColumnMask): ColumnSchema {
  if (mask.kind === 'truncate') return truncated(column, mask);
  // The source's type no longer says what the values are, and a default would be in clear.
  const name = column.schema.parameters?.[SOURCE_COLUMN_NAME];
  const parameters: Record<string, string> = { masked: 'true' };
  if (name !== undefined) parameters[SOURCE_COLUMN_NAME] = name;
  const schema: ConnectSchema = { type: 'string', optional: column.schema.optional, parameters };
  return { ...column, schema, format: { kind: 'string' }, mask };
}

function truncated(
  column: ColumnSchema,
  mask: Extract<ColumnMask, { kind: 'truncate' }>,
): ColumnSchema {
  const { type, optional, default: initial } = column.schema;
  const parameters = { ...column.schema.parameters, truncateLength: String(mask.length) };
  const cut = cutDefault(initial, mask.length);
  // Half a JSON text is none: a name of the schema would promise too much.
  const schema: ConnectSchema = { type, optional, parameters };
  return { ...column, schema: cut === undefined ? schema : { ...schema, default: cut }, mask };
}

function cutDefault(value: ConnectValue | undefined, length: number): ConnectValue | undefined {
  if (typeof value === 'string') return firstCharacters(value, length);
  return Buffer.isBuffer(value) ? value.subarray(0, length) : undefined;
}
