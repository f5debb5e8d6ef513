import type {
  EnumType,
  TargetColumn,
  TargetDialect,
  TargetName,
  TargetTable,
  WantedColumn,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
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

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/**
 * Makes and widens tables of the target. Only what loses nothing is done by itself: create, add a
 * column, drop NOT NULL, add an enum label. Everything else is refused with the statement that a
 * person may run (PITFALLS S20). Several tasks may do the same at once: each works under one lock,
 * and looks again once it has it.
 */
export class SchemaKeeper {
  readonly #dialect: TargetDialect;
  readonly #evolution: SchemaEvolution;

  constructor(dialect: TargetDialect, evolution: SchemaEvolution) {
    this.#dialect = dialect;
    this.#evolution = evolution;
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

  /** Adds what a table that is there lacks of columns; false: nothing was added. */
  async addColumns(
    session: TargetSession,
    name: TargetName,
    columns: readonly WantedColumn[],
  ): Promise<boolean> {
    const table = await this.read(session, name);
    if (table === null) return false;
    const present = new Set(table.columns.map((column) => column.name));
    const missing = columns.filter((column) => !present.has(column.name));
    if (missing.length === 0) return false;
    const statements = missing.map((column) => this.#dialect.addColumn(name, column));
    this.#mayEvolve(name, statements);
    await this.#underLock(session, async () => {
      for (const statement of statements) await session.query(statement);
    });
    return true;
  }

  #mayEvolve(name: TargetName, statements: readonly string[]): void {
    if (this.#evolution.evolve) return;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `the table ${this.#dialect.qualify(name)} lacks columns or is too strict`,
      { cure: statements.map((statement) => `${statement};`).join('\n') },
    );
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
      for (const statement of statements) await session.query(statement);
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
    const statements = this.#differences(table, wanted);
    if (statements.length === 0) return table;
    this.#mayEvolve(wanted.name, statements);
    await this.#underLock(session, async () => {
      const current = (await this.read(session, wanted.name)) ?? table;
      for (const statement of this.#differences(current, wanted)) await session.query(statement);
    });
    return (await this.read(session, wanted.name)) ?? table;
  }

  #differences(table: TargetTable, wanted: WantedTable): readonly string[] {
    const statements: string[] = [];
    const present = new Map(table.columns.map((column) => [column.name, column]));
    for (const column of wanted.columns) {
      const existing = present.get(column.name);
      if (existing === undefined) statements.push(this.#dialect.addColumn(table.name, column));
      else if (!this.#dialect.holds(existing, column.type, column.schema)) {
        statements.push(this.#dialect.changeType(table.name, existing, column.type));
      } else if (
        existing.notNull &&
        column.schema.optional &&
        !isKey(existing.name, table, wanted)
      ) {
        statements.push(this.#dialect.dropNotNull(table.name, existing));
      }
    }
    // A column that the source dropped stays, and takes null from now on.
    const known = new Set(wanted.columns.map(({ name }) => name));
    for (const column of table.columns) {
      if (known.has(column.name) || !isRequired(column)) continue;
      if (isKey(column.name, table, wanted)) continue;
      statements.push(this.#dialect.dropNotNull(table.name, column));
    }
    return statements;
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
      if (this.#dialect.widens?.(existing, type) === true) continue;
      throw new TidemarkError(
        'SINK_SCHEMA',
        `column ${name} of ${this.#dialect.qualify(table.name)} has the type ${existing.type}, ` +
          `but the source has ${type.ddl}`,
        { cure: this.#dialect.changeType(table.name, existing, type) },
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
