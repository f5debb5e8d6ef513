import { mysqlTypeFits } from '../mysql-column-types.ts';
import { parseMysqlType } from '../../mysql-type-name.ts';
import { columnTypeText } from './column-types.ts';
import type { ServerVersion } from './ddl-dialect.ts';
import type { AlterAction, DdlStatement } from './ddl-syntax.ts';
import type { CatalogChange, QualifiedName } from './table-catalog.ts';
import type { ColumnDefinition, ColumnType, TableDefinition } from './table-definition.ts';

/*
 * DDL that changes stored rows, which no row event tells of (ruling 5, PITFALLS B43). Whoever
 * applies the events has to read the table again, but where the new value of all rows is known: a
 * constant default is in the column's schema, and the target gives it to its rows itself.
 */

/** A table whose stored rows a statement changed. */
export interface RewrittenRows {
  readonly name: QualifiedName;
  /** Rows went or came: it is not enough to read those that are there. */
  readonly rowsGo: boolean;
  /** What happened, for people: `price is decimal(8,1) instead of decimal(8,2)`. */
  readonly reason: string;
}

/** A column as records tell it: not at all, with a constant default, or without. */
export type ToldColumn = 'hidden' | 'default' | 'plain';

/** What a statement is judged with. */
export interface RewriteContext {
  readonly server: ServerVersion;
  /** sql_mode of the session, as the bits of its QUERY event. */
  readonly sqlMode: bigint;
  told(table: TableDefinition, column: string): ToldColumn;
  /** `schema.table.column` that the table had before, and that targets still have. */
  wasDropped(table: TableDefinition, column: string): boolean;
}

const STRICT_TRANS_TABLES = 1n << 21n;
const STRICT_ALL_TABLES = 1n << 22n;

/** What a statement did to stored rows, by what it did to definitions. */
export function rewrittenRows(
  statement: DdlStatement,
  changes: readonly CatalogChange[],
  context: RewriteContext,
): readonly RewrittenRows[] {
  const actions = statement.kind === 'alter-table' ? statement.actions : [];
  return changes.flatMap((change, i): readonly RewrittenRows[] => {
    switch (change.kind) {
      case 'partition-rows':
        return [{ name: change.name, rowsGo: true, reason: `${change.verb} PARTITION moved rows` }];
      case 'altered':
        return altered(change.before, change.after, actions, context);
      case 'renamed':
        return replaced(changes.slice(0, i), change.after, context);
      default:
        return [];
    }
  });
}

/** Names of columns that targets keep although their table has them no more. */
export function droppedColumns(changes: readonly CatalogChange[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'altered') return [];
    const { before, after } = change;
    const left = before.columns.filter(({ name }) => columnOf(after, name) === undefined);
    return left.map(({ name }) => droppedName(after, name));
  });
}

/** As `droppedColumns` names it. */
export function droppedName({ database, name }: QualifiedName, column: string): string {
  return `${database}.${name}.${column.toLowerCase()}`;
}

/** A copy of the table has taken its name, as tools for online changes do it (PITFALLS B98). */
function replaced(
  earlier: readonly CatalogChange[],
  after: TableDefinition,
  context: RewriteContext,
): readonly RewrittenRows[] {
  const gone = earlier.findLast(
    (change) =>
      change.kind === 'renamed' &&
      change.before.database === after.database &&
      change.before.name === after.name,
  );
  return gone?.kind === 'renamed' ? altered(gone.before, after, [], context) : [];
}

function altered(
  before: TableDefinition,
  after: TableDefinition,
  actions: readonly AlterAction[],
  context: RewriteContext,
): readonly RewrittenRows[] {
  const isStrict = (context.sqlMode & (STRICT_TRANS_TABLES | STRICT_ALL_TABLES)) !== 0n;
  const reasons = after.columns.flatMap((column) => {
    const told = context.told(after, column.name);
    if (told === 'hidden') return [];
    const origin = originOf(column, before, actions);
    const reason =
      origin.kind === 'kept'
        ? changedValue(origin.column, column, actions, { isStrict, server: context.server })
        : origin.kind === 'renamed'
          ? `was ${origin.from} before`
          : addedValue(column, told, context.wasDropped(after, column.name) || origin.again);
    return reason === null ? [] : [`${column.name} ${reason}`];
  });
  if (reasons.length === 0) return [];
  const name = { database: after.database, name: after.name };
  return [{ name, rowsGo: false, reason: reasons.join(', ') }];
}

type Origin =
  | { readonly kind: 'kept'; readonly column: ColumnDefinition }
  | { readonly kind: 'renamed'; readonly from: string }
  /** `again`: the statement dropped another one of that name. */
  | { readonly kind: 'added'; readonly again: boolean };

function originOf(
  { name }: ColumnDefinition,
  before: TableDefinition,
  actions: readonly AlterAction[],
): Origin {
  const isIt = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  for (const action of actions) {
    const from = oldName(action, isIt);
    if (from !== null && !isIt(from)) return { kind: 'renamed', from };
  }
  const column = columnOf(before, name);
  const isDropped = actions.some((action) => action.kind === 'drop-column' && isIt(action.name));
  if (column === undefined || isDropped) return { kind: 'added', again: isDropped };
  return { kind: 'kept', column };
}

function oldName(action: AlterAction, isIt: (name: string) => boolean): string | null {
  if (action.kind === 'change-column') return isIt(action.column.name) ? action.from : null;
  return action.kind === 'rename-column' && isIt(action.to) ? action.from : null;
}

function columnOf({ columns }: TableDefinition, name: string): ColumnDefinition | undefined {
  const folded = name.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === folded);
}

/** What its rows got, where that is neither null nor told; null: it is one of these. */
function addedValue(column: ColumnDefinition, told: ToldColumn, wasThere: boolean): string | null {
  if (column.generated !== null) return 'is computed';
  if (wasThere) return 'has taken the place of an older one';
  if (column.autoIncrement) return 'is counted up';
  if (column.default === null) return column.nullable ? null : 'was added without a default';
  return told === 'default' ? null : 'has a default that is no constant';
}

interface Rules {
  readonly isStrict: boolean;
  readonly server: ServerVersion;
}

/** How values of a column that stays may have changed; null: they did not. */
function changedValue(
  before: ColumnDefinition,
  after: ColumnDefinition,
  actions: readonly AlterAction[],
  { isStrict, server }: Rules,
): string | null {
  if (after.generated === 'row-start' || after.generated === 'row-end') return null;
  const isDefined = actions.some(
    (action) => action.kind === 'change-column' && action.column.name === after.name,
  );
  // The expression is not part of the definition that we keep.
  if (after.generated !== null && isDefined) return 'is computed anew';
  if (before.generated !== after.generated) return 'is computed no more, or only now';
  const [from, to] = [columnTypeText(before.type, server), columnTypeText(after.type, server)];
  if (!keepsValues(before.type, after.type, { from, to })) return `is ${to} instead of ${from}`;
  if (isStrict) return null;
  // Without strict mode what does not fit becomes something else, and the statement goes on.
  if (before.nullable && !after.nullable) return 'is NOT NULL';
  const charset = after.type.charset;
  if (charset !== before.type.charset && charset !== 'utf8mb4') return `is of ${charset}`;
  return null;
}

/** Types whose values change with the length, by zeros in front or behind. */
const PADDED = new Set(['bit', 'binary', 'vector']);

function keepsValues(
  before: ColumnType,
  after: ColumnType,
  { from, to }: { readonly from: string; readonly to: string },
): boolean {
  if (from === to) return true;
  if (before.base !== after.base) {
    // By the time zone of the session.
    if (before.base === 'timestamp' || after.base === 'timestamp') return false;
    // A number or a time as text is another value to those who have it as such.
    if (isText(after) !== (isText(before) || before.members !== null)) return false;
  } else if (PADDED.has(before.base)) return false;
  const [old, now] = [parseMysqlType(from), parseMysqlType(to)];
  return old !== null && now !== null && mysqlTypeFits(now, old);
}

function isText({ base }: ColumnType): boolean {
  return /(?:char|text)$/.test(base);
}
