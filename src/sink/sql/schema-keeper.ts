import type {
  EnumType,
  TargetColumn,
  TargetDialect,
  TargetName,
  TargetTable,
  TypeChange,
  WantedColumn,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { underDdlLock } from './sink-tables.ts';
import { ensureSchema } from './target-schema.ts';
import type { SchemaEvolution } from './sql-sink-options.ts';
import type { TargetSession } from './target-session.ts';

/** What records of one pair of schemas want of their table. */
export interface WantedTable {
  readonly name: TargetName;
  readonly columns: readonly WantedColumn[];
  /** Column names; empty: rows have no key. */
  readonly key: readonly string[];
  /** Rows are found by the key, so the target must be able to infer an index from it. */
  readonly needsUniqueKey: boolean;
}

/** Told of a statement before it runs: what it does to a table, and to those who use it. */
export type TellDdl = (statement: string, effect: string) => void;

/** A statement that is missing to make a table fit. */
interface Evolution {
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
 * Makes and widens tables of the target. Only what loses nothing is done by itself: create, add a
 * column, drop NOT NULL, give a column a type that holds all it has, add an enum label. Everything
 * else is refused with the statement that a person may run (PITFALLS S20). Several tasks may do the
 * same at once: each works under one lock, and looks again once it has it.
 *
 * A column that is too narrow for what its source has now is widened before the first such row,
 * because rows of the older schema fit too: a widening keeps every value, and the records of both
 * schemas are written as the same values.
 */
export class SchemaKeeper {
  readonly #dialect: TargetDialect;
  readonly #evolution: SchemaEvolution;
  readonly #tell: TellDdl;

  constructor(dialect: TargetDialect, evolution: SchemaEvolution, tell: TellDdl) {
    this.#dialect = dialect;
    this.#evolution = evolution;
    this.#tell = tell;
  }

  async read(session: TargetSession, name: TargetName): Promise<TargetTable | null> {
    const { rows } = await session.query(this.#dialect.tableQuery(name));
    return this.#dialect.readTable(name, rows);
  }

  /** The table as it is once it fits `wanted`. Throws SINK_SCHEMA when it cannot be made to fit. */
  async ensure(session: TargetSession, wanted: WantedTable): Promise<TargetTable> {
    await this.#ensureEnums(session, wanted);
    let table = await this.read(session, wanted.name);
    table ??= await this.#create(session, wanted);
    this.#checkTable(table);
    this.#checkTypes(table, wanted);
    this.#checkKey(table, wanted);
    return this.#evolve(session, table, wanted);
  }

  async #create(session: TargetSession, wanted: WantedTable): Promise<TargetTable> {
    const { schema } = wanted.name;
    const statements = this.#dialect.createTable(wanted.name, wanted.columns, wanted.key);
    if (!this.#evolution.create) {
      const all = [this.#dialect.createSchema(schema), ...statements];
      throw new TidemarkError(
        'SINK_SCHEMA',
        `the table ${this.#dialect.qualify(wanted.name)} does not exist`,
        { cure: `${all.join(';\n')};` },
      );
    }
    await this.#underLock(session, async () => {
      if ((await this.read(session, wanted.name)) !== null) return;
      await ensureSchema(session, this.#dialect, schema);
      for (const statement of statements) {
        this.#tell(statement, `the table ${this.#dialect.qualify(wanted.name)} is made`);
        await session.query(statement);
      }
    });
    const table = await this.read(session, wanted.name);
    if (table !== null) return table;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${this.#dialect.qualify(wanted.name)} exists but is no table`,
      { cure: 'Drop it, or choose another table.name.format.' },
    );
  }

  async #evolve(
    session: TargetSession,
    table: TargetTable,
    wanted: WantedTable,
  ): Promise<TargetTable> {
    const missing = this.#differences(table, wanted);
    if (missing.length === 0) return table;
    const needed = missing.filter(({ isOptional }) => !isOptional);
    if (needed.length > 0 && !this.#evolution.evolve) {
      throw new TidemarkError(
        'SINK_SCHEMA',
        `the table ${this.#dialect.qualify(wanted.name)} lacks columns or is too strict`,
        { cure: needed.map(({ statement }) => `${statement};`).join('\n') },
      );
    }
    if (needed.length > 0) await this.#runAll(session, wanted, false);
    if (needed.length < missing.length) await this.#runOptional(session, wanted);
    return (await this.read(session, wanted.name)) ?? table;
  }

  /** What the target refuses here stays as it is, as it was made by somebody. */
  async #runOptional(session: TargetSession, wanted: WantedTable): Promise<void> {
    try {
      await this.#runAll(session, wanted, true);
    } catch (thrown) {
      const error = toSinkError(thrown);
      if (!isPermanent(error)) throw error;
      this.#tell(error.cure ?? '', `${error.message}; its values are judged one by one`);
    }
  }

  /** As it is once it has the lock: another task may have done it, or a part of it. */
  async #runAll(session: TargetSession, wanted: WantedTable, optional: boolean): Promise<void> {
    await this.#underLock(session, async () => {
      const current = await this.read(session, wanted.name);
      if (current === null) return;
      const all = this.#differences(current, wanted);
      const due = all.filter(({ isOptional }) => isOptional === optional);
      if (due.length > 0) await session.query(this.#dialect.ddlPace);
      for (const evolution of due) await this.#run(session, current, evolution);
    });
  }

  async #run(session: TargetSession, table: TargetTable, evolution: Evolution): Promise<void> {
    const { statement, effect, widens } = evolution;
    this.#tell(statement, effect);
    try {
      await session.query(statement);
    } catch (thrown) {
      const error = toSinkError(thrown);
      const name = this.#dialect.qualify(table.name);
      if (!isPermanent(error)) {
        const message = `waiting to change the table ${name}: ${error.message}`;
        throw new TidemarkError(error.code, message, { cause: error });
      }
      if (widens.length === 0) throw error;
      const columns = widens.map(({ column }) => column.name).join(', ');
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${name} cannot be widened (${columns}): ${error.message}`,
        {
          cause: error,
          cure: `Take away what stands against it, run ${statement}; and make that again.`,
        },
      );
    }
  }

  #differences(table: TargetTable, wanted: WantedTable): readonly Evolution[] {
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
      ...this.#widenings(name, wider.needed, false),
      ...this.#widenings(name, wider.optional, true),
    ];
    return [...evolutions, ...widenings];
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

  #widenings(name: TargetName, wider: Wider, isOptional: boolean): readonly Evolution[] {
    const { changes, isRewritten } = wider;
    if (changes.length === 0) return [];
    const texts = changes.map(
      ({ column, type }) => `${column.name} from ${column.type} to ${type.ddl}`,
    );
    const statement = this.#dialect.widenColumns(name, changes);
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

  #checkTable({ name, problem }: TargetTable): void {
    if (problem === undefined) return;
    const message = `${this.#dialect.qualify(name)} ${problem.message}`;
    throw new TidemarkError('SINK_SCHEMA', message, { cure: problem.cure });
  }

  #checkTypes(table: TargetTable, wanted: WantedTable): void {
    const present = new Map(table.columns.map((column) => [column.name, column]));
    for (const { name, schema, type } of wanted.columns) {
      const existing = present.get(name);
      if (existing === undefined || this.#dialect.holds(existing, type, schema)) continue;
      const widening = this.#dialect.widening(table, existing, type, schema);
      if (widening !== null && widening.kind !== 'refused') continue;
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

  async #ensureEnums(session: TargetSession, wanted: WantedTable): Promise<void> {
    const { enums } = this.#dialect;
    if (enums === undefined || !(this.#evolution.create || this.#evolution.evolve)) return;
    for (const { type } of wanted.columns) {
      if (type.enumType !== null) {
        await this.#ensureEnum(session, wanted.name.schema, type.enumType);
      }
    }
  }

  async #ensureEnum(session: TargetSession, schema: string, type: EnumType): Promise<void> {
    const enums = this.#dialect.enums;
    if (enums === undefined) return;
    const labels = async (): Promise<readonly string[]> => {
      const { rows } = await session.query(enums.labels(schema, type.name));
      return rows.map((row) => String(row['label']));
    };
    let present = await labels();
    if (present.length === 0 && type.labels.length > 0) {
      await this.#underLock(session, async () => {
        if ((await labels()).length > 0) return;
        await ensureSchema(session, this.#dialect, schema);
        await session.query(enums.create(schema, type));
      });
      present = await labels();
    }
    for (const statement of enums.addLabels(schema, type, present)) await session.query(statement);
  }

  #underLock(session: TargetSession, work: () => Promise<void>): Promise<void> {
    return underDdlLock(session, this.#dialect, work);
  }
}

function isKey(column: string, table: TargetTable, wanted: WantedTable): boolean {
  return table.primaryKey.includes(column) || wanted.key.includes(column);
}

function isRequired(column: TargetColumn): boolean {
  return column.notNull && !column.hasDefault && !column.generated && !column.identityAlways;
}
