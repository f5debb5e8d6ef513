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
  /** None is there, and all that come are told: there is nothing to read. */
  readonly isEmpty: boolean;
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
  /** The column came while the stream was followed, and rows were not read again for it. */
  wasAdded(table: TableDefinition, column: string): boolean;
  /** There was a table of this name, whose rows targets still have. */
  hadTable(name: QualifiedName): boolean;
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
        return [others(change.name, `${change.verb} PARTITION moved rows`)];
      case 'created':
        return made(change, context);
      case 'altered':
        return isRename(change)
          ? renamed(changes, i, context)
          : altered(change.before, change.after, actions, context);
      case 'renamed':
        return renamed(changes, i, context);
      default:
        return [];
    }
  });
}

type IsCaptured = (name: QualifiedName) => boolean;

/**
 * Names of columns that targets keep although their table has them no more; of tables that are gone
 * as a column without a name.
 */
export function droppedColumns(
  changes: readonly CatalogChange[],
  isCaptured: IsCaptured,
): readonly string[] {
  return changes.flatMap((change, i) => {
    if (change.kind === 'dropped') {
      const { name } = change;
      return change.before === null || !isCaptured(name) ? [] : droppedName(name);
    }
    if (change.kind !== 'altered' && change.kind !== 'renamed') return [];
    const { before, after } = change;
    if (!isCaptured(before)) return [];
    if (isRename(change)) return isRetaken(changes, i) ? [] : droppedName(before);
    const left = before.columns.filter(({ name }) => columnOf(after, name) === undefined);
    return left.map(({ name }) => droppedName(after, name));
  });
}

/** Names of columns that came, as `droppedColumns` has those that went. */
export function addedColumns(
  changes: readonly CatalogChange[],
  isCaptured: IsCaptured,
): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'altered' || !isCaptured(change.after)) return [];
    const { before, after } = change;
    const come = after.columns.filter(({ name }) => columnOf(before, name) === undefined);
    return come.map(({ name }) => droppedName(after, name));
  });
}

/** As `droppedColumns` names it; without a column the table. */
export function droppedName({ database, name }: QualifiedName, column = ''): string {
  return `${database}.${name}.${column.toLowerCase()}`;
}

type Renaming = Extract<CatalogChange, { kind: 'altered' | 'renamed' | 'indexed' }>;

function isSameName(one: QualifiedName, other: QualifiedName): boolean {
  return one.database === other.database && one.name === other.name;
}

function isRename({ before, after }: Renaming): boolean {
  return !isSameName(before, after);
}

/** The statement gave the name that it freed to another table. */
function isRetaken(changes: readonly CatalogChange[], at: number): boolean {
  const freed = changes[at];
  if (freed?.kind !== 'renamed' && freed?.kind !== 'altered') return false;
  return changes
    .slice(at + 1)
    .some((change) => change.kind === 'renamed' && isSameName(change.after, freed.before));
}

function others(name: QualifiedName, reason: string): RewrittenRows {
  return { name, rowsGo: true, isEmpty: false, reason };
}

/** A table in the place of another one, whose rows targets still have. */
function made(
  { table: { database, name: bare }, replaces }: Extract<CatalogChange, { kind: 'created' }>,
  context: RewriteContext,
): readonly RewrittenRows[] {
  const name = { database, name: bare };
  if (replaces !== true && !context.hadTable(name)) return [];
  return [{ name, rowsGo: true, isEmpty: true, reason: 'another table of that name was made' }];
}

/**
 * A copy of the table has taken its name, as tools for online changes do it (PITFALLS B98): its
 * rows are those that were told. Of any other table that gets a name none was told under it. What
 * such a tool puts aside concerns nobody.
 */
function renamed(
  changes: readonly CatalogChange[],
  at: number,
  context: RewriteContext,
): readonly RewrittenRows[] {
  const change = changes[at];
  if (change?.kind !== 'renamed' && change?.kind !== 'altered') return [];
  const { before, after } = change;
  const earlier = changes.slice(0, at);
  const gone = earlier.findLast(
    (other) => other.kind === 'renamed' && isSameName(other.before, after),
  );
  const isMoved = earlier.some(
    (other) => other.kind === 'renamed' && isSameName(other.after, before),
  );
  const isAside = isRetaken(changes, at);
  // Three renames, by way of a third name: two tables change places.
  if (gone?.kind === 'renamed' && !isMoved && !isAside) {
    return altered(gone.before, after, [], context);
  }
  if (gone === undefined && isAside) return [];
  const name = { database: after.database, name: after.name };
  return [others(name, `it was ${before.database}.${before.name} before`)];
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
        ? (changedValue(origin.column, column, actions, { isStrict, server: context.server }) ??
          changedDefault(origin.column, column, context.wasAdded(after, column.name)))
        : origin.kind === 'renamed'
          ? `was ${origin.from} before`
          : addedValue(column, told, context.wasDropped(after, column.name) || origin.again);
    return reason === null ? [] : [`${column.name} ${reason}`];
  });
  if (reasons.length === 0) return [];
  const name = { database: after.database, name: after.name };
  return [{ name, rowsGo: false, isEmpty: false, reason: reasons.join(', ') }];
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

/** Rows of before have what the default was then; a target that is told first now does not. */
function changedDefault(
  before: ColumnDefinition,
  after: ColumnDefinition,
  wasAdded: boolean,
): string | null {
  const isSame = JSON.stringify(before.default) === JSON.stringify(after.default);
  return isSame || !wasAdded ? null : 'has another default than when it was added';
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
