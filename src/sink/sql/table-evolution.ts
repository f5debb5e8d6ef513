import type {
  TargetColumn,
  TargetDialect,
  TargetName,
  TargetTable,
  TypeChange,
  WantedColumn,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { HISTORY_KEY } from './history-columns.ts';
import type { SchemaEvolution } from './sql-sink-options.ts';

/** What records of one pair of schemas want of their table. */
export interface WantedTable {
  readonly name: TargetName;
  readonly columns: readonly WantedColumn[];
  /** Column names; empty: rows have no key. */
  readonly key: readonly string[];
  /** Rows are found by the key, so the target must be able to infer an index from it. */
  readonly needsUniqueKey: boolean;
}

/** A statement that is missing to make a table fit. */
export interface Evolution {
  readonly statement: string;
  readonly effect: string;
  /** The columns that get another type, where that is what it does. */
  readonly widens: readonly TypeChange[];
  /** Without it the target judges value by value. */
  readonly isOptional: boolean;
}

/** Columns that get another type in one statement. */
class Wider {
  readonly changes: TypeChange[] = [];
  isRewritten = false;

  add(change: TypeChange, rewrites: boolean): void {
    this.changes.push(change);
    this.isRewritten ||= rewrites;
  }
}

function costOf(isRewritten: boolean): string {
  return isRewritten
    ? 'every row is written anew, and others wait for the table meanwhile'
    : 'only the catalog changes';
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/**
 * What a table lacks to take records, worked out without touching it: `SchemaKeeper` runs it,
 * `plan` shows it. Only what loses nothing is among it (PITFALLS S20).
 */
export class TableEvolution {
  readonly #dialect: TargetDialect;
  readonly #evolution: SchemaEvolution;

  constructor(dialect: TargetDialect, evolution: SchemaEvolution) {
    this.#dialect = dialect;
    this.#evolution = evolution;
  }

  /** Throws SINK_SCHEMA, with what a person may run, where the table cannot be made to fit. */
  check(table: TargetTable, wanted: WantedTable): void {
    this.#checkProblem(table);
    this.#checkKind(table, wanted);
    this.#checkTypes(table, wanted);
    this.#checkKey(table, wanted);
  }

  /** The column is not there, holds all that is wanted, or can be widened to. */
  fits(table: TargetTable, { name, type, schema }: WantedColumn): boolean {
    const existing = table.columns.find((column) => column.name === name);
    if (existing === undefined || this.#dialect.holds(existing, type, schema)) return true;
    const widening = this.#dialect.widening(table, existing, type, schema);
    return widening !== null && widening.kind !== 'refused';
  }

  /** Where statements are missing that would have to be run, and may not be. */
  checkAllowed(table: TargetTable, missing: readonly Evolution[]): void {
    const needed = missing.filter(({ isOptional }) => !isOptional);
    if (needed.length === 0 || this.#evolution.evolve) return;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `the table ${this.#dialect.qualify(table.name)} lacks columns or is too strict`,
      { cure: needed.map(({ statement }) => `${statement};`).join('\n') },
    );
  }

  /** The statements that make a table which is not there. Throws where they may not be run. */
  creation(wanted: WantedTable): readonly string[] {
    const { name, columns, key } = wanted;
    const statements = this.#dialect.createTable(name, columns, key);
    if (this.#evolution.create) return statements;
    const all = [this.#dialect.createSchema(name.schema) ?? [], statements].flat();
    throw new TidemarkError(
      'SINK_SCHEMA',
      `the table ${this.#dialect.qualify(name)} does not exist`,
      { cure: `${all.join(';\n')};` },
    );
  }

  /** Those of the columns that the table lacks. */
  additions(table: TargetTable, columns: readonly WantedColumn[]): readonly Evolution[] {
    const present = new Set(table.columns.map((column) => column.name));
    return columns
      .filter((column) => !present.has(column.name))
      .map((column) => this.#addition(table.name, column));
  }

  /** The statements that are missing, each with what it does. */
  differences(table: TargetTable, wanted: WantedTable): readonly Evolution[] {
    const { name } = table;
    const evolutions: Evolution[] = [];
    const wider = { needed: new Wider(), optional: new Wider() };
    const present = new Map(table.columns.map((column) => [column.name, column]));
    for (const column of wanted.columns) {
      const existing = present.get(column.name);
      if (existing === undefined) {
        evolutions.push(this.#addition(name, column));
        continue;
      }
      const isLoose = column.schema.optional && !isKey(existing.name, table, wanted);
      const relax = existing.notNull && isLoose;
      const found = this.#widening(table, existing, column);
      const isNeeded = found?.isNeeded === true;
      if (relax && !isNeeded) evolutions.push(this.#relaxation(name, existing));
      if (found === null) continue;
      const change = { column: existing, type: column.type, relax: relax && isNeeded };
      const rewrites = found.kind === 'rewrite' || (change.relax && this.#dialect.relaxingRewrites);
      wider[isNeeded ? 'needed' : 'optional'].add(change, rewrites);
    }
    // A column that the source dropped stays, and takes null from now on.
    const known = new Set(wanted.columns.map((column) => column.name));
    for (const column of table.columns) {
      if (known.has(column.name) || !isRequired(column)) continue;
      if (isKey(column.name, table, wanted)) continue;
      evolutions.push(this.#relaxation(name, column));
    }
    const widenings = [
      ...this.#widenings(table, wider.needed, false),
      ...this.#widenings(table, wider.optional, true),
    ];
    // First, because a table that is made anew for it has the columns that were read.
    return [...widenings, ...evolutions];
  }

  #addition(name: TargetName, column: WantedColumn): Evolution {
    const statement = this.#dialect.addColumn(name, column);
    const effect = this.#effect(name, `gets the column ${column.name}`);
    return { statement, effect, widens: [], isOptional: false };
  }

  #relaxation(name: TargetName, column: TargetColumn): Evolution {
    const statement = this.#dialect.dropNotNull(name, column);
    const cost = costOf(this.#dialect.relaxingRewrites);
    const effect = this.#effect(name, `takes null in ${column.name}; ${cost}`);
    return { statement, effect, widens: [], isOptional: false };
  }

  #widenings(table: TargetTable, wider: Wider, isOptional: boolean): readonly Evolution[] {
    const { changes, isRewritten } = wider;
    const { name } = table;
    if (changes.length === 0) return [];
    const texts = changes.map(
      ({ column, type }) => `${column.name} from ${column.type} to ${type.ddl}`,
    );
    const statement = this.#dialect.widenColumns(name, changes, table);
    const text = `is widened: ${texts.join(', ')}; ${costOf(isRewritten)}`;
    return [{ statement, effect: this.#effect(name, text), widens: changes, isOptional }];
  }

  #effect(name: TargetName, text: string): string {
    return `the table ${this.#dialect.qualify(name)} ${text}`;
  }

  /** Null: the column stays as it is: it has room, or takes the values one by one. */
  #widening(
    table: TargetTable,
    existing: TargetColumn,
    { type, schema }: WantedColumn,
  ): { readonly kind: 'catalog' | 'rewrite'; readonly isNeeded: boolean } | null {
    const widening = this.#dialect.widening(table, existing, type, schema);
    if (widening === null || widening.kind === 'refused') return null;
    const isNeeded = !this.#dialect.holds(existing, type, schema);
    return isNeeded || this.#evolution.evolve ? { kind: widening.kind, isNeeded } : null;
  }

  #checkProblem({ name, problem }: TargetTable): void {
    if (problem === undefined) return;
    const message = `${this.#dialect.qualify(name)} ${problem.message}`;
    throw new TidemarkError('SINK_SCHEMA', message, { cure: problem.cure });
  }

  /** Rows and changes in one table would be neither; its key is nobody's to change for that. */
  #checkKind(table: TargetTable, wanted: WantedTable): void {
    const present = new Set(table.columns.map(({ name }) => name));
    const isHistory = isHistoryKey(table.primaryKey);
    if (isHistoryKey(wanted.key)) {
      if (isHistory || wanted.key.every((name) => present.has(name))) return;
    } else if (!isHistory) return;
    const [is, comes] = isHistory ? ['a history', 'rows'] : ['no history', 'changes'];
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${this.#dialect.qualify(table.name)} is ${is}, and ${comes} would go there`,
      { cure: 'Give one of them another name: history.name.format, table.name.format.' },
    );
  }

  #checkTypes(table: TargetTable, wanted: WantedTable): void {
    const present = new Map(table.columns.map((column) => [column.name, column]));
    for (const wantedColumn of wanted.columns) {
      const { name, schema, type } = wantedColumn;
      const existing = present.get(name);
      if (existing === undefined || this.fits(table, wantedColumn)) continue;
      const found = this.#dialect.widening(table, existing, type, schema);
      const widening = found?.kind === 'refused' ? found : null;
      const column = `column ${name} of ${this.#dialect.qualify(table.name)}`;
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${column} has the type ${existing.type}, but the source has ${type.ddl}` +
          (widening === null ? '' : `: ${widening.reason}`),
        { cure: widening?.cure ?? this.#dialect.changeType(table.name, existing, type) },
      );
    }
  }

  #checkKey(table: TargetTable, wanted: WantedTable): void {
    const { key } = wanted;
    const qualified = this.#dialect.qualify(table.name);
    if (key.length === 0) {
      const names = wanted.columns.map(({ name }) => name);
      const ofSource = table.primaryKey.every((column) => names.includes(column));
      if (table.primaryKey.length === 0 || !ofSource) return;
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${qualified} has a primary key (${table.primaryKey.join(', ')}), its records have none`,
        { cure: this.#dialect.changePrimaryKey(table, []) },
      );
    }
    if (!wanted.needsUniqueKey || table.uniqueKeys.some((columns) => sameSet(columns, key))) return;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${qualified} has no unique index on exactly the key of its records (${key.join(', ')})`,
      { cure: this.#dialect.changePrimaryKey(table, key) },
    );
  }
}

function isKey(column: string, table: TargetTable, wanted: WantedTable): boolean {
  return table.primaryKey.includes(column) || wanted.key.includes(column);
}

function isHistoryKey(columns: readonly string[]): boolean {
  return sameSet(columns, Object.values(HISTORY_KEY));
}

function isRequired(column: TargetColumn): boolean {
  return column.notNull && !column.hasDefault && !column.generated && !column.identityAlways;
}
