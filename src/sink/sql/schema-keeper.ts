import type {
  EnumType,
  TargetDialect,
  TargetName,
  TargetTable,
  WantedColumn,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { underDdlLock } from './sink-tables.ts';
import { shadowNames, type ShadowNames } from './shadow-columns.ts';
import { ensureSchema } from './target-schema.ts';
import type { SchemaEvolution } from './sql-sink-options.ts';
import type { Evolution, WantedTable } from './table-evolution.ts';
import { TableEvolution } from './table-evolution.ts';
import type { TargetSession } from './target-session.ts';

/** Told of a statement before it runs: what it does to a table, and to those who use it. */
export type TellDdl = (statement: string, effect: string) => void;

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
  readonly #tables: TableEvolution;
  /** Is to be told of each statement that changes the target. */
  readonly tell: TellDdl;

  constructor(dialect: TargetDialect, evolution: SchemaEvolution, tell: TellDdl) {
    this.#dialect = dialect;
    this.#evolution = evolution;
    this.#tables = new TableEvolution(dialect, evolution);
    this.tell = tell;
  }

  async read(session: TargetSession, name: TargetName): Promise<TargetTable | null> {
    const { rows } = await session.query(this.#dialect.tableQuery(name));
    return this.#dialect.readTable(name, rows);
  }

  /** Columns that stand in for those which cannot take the type of their field any more. */
  async shadows(
    session: TargetSession,
    wanted: WantedTable,
    identifier: (name: string) => string,
  ): Promise<ShadowNames> {
    if (this.#evolution.policy !== 'shadow') return new Map();
    const table = await this.read(session, wanted.name);
    return table === null ? new Map() : shadowNames(table, wanted, this.#tables, identifier);
  }

  /** The table as it is once it fits `wanted`. Throws SINK_SCHEMA when it cannot be made to fit. */
  async ensure(session: TargetSession, wanted: WantedTable): Promise<TargetTable> {
    await this.#ensureEnums(session, wanted);
    let table = await this.read(session, wanted.name);
    table ??= await this.#create(session, wanted);
    this.#tables.check(table, wanted);
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
    const missing = this.#tables.additions(table, columns);
    if (missing.length === 0) return false;
    this.#tables.checkAllowed(table, missing);
    await this.#underLock(session, async () => {
      await session.query(this.#dialect.ddlPace);
      const current = (await this.read(session, name)) ?? table;
      const due = this.#tables.additions(current, columns);
      for (const evolution of due) await this.#run(session, current, evolution);
    });
    return true;
  }

  async #create(session: TargetSession, wanted: WantedTable): Promise<TargetTable> {
    const { schema } = wanted.name;
    const statements = this.#tables.creation(wanted);
    await this.#underLock(session, async () => {
      if ((await this.read(session, wanted.name)) !== null) return;
      await ensureSchema(session, this.#dialect, schema);
      for (const statement of statements) {
        this.tell(statement, `the table ${this.#dialect.qualify(wanted.name)} is made`);
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
    const missing = this.#tables.differences(table, wanted);
    if (missing.length === 0) return table;
    this.#tables.checkAllowed(table, missing);
    const needed = missing.filter(({ isOptional }) => !isOptional);
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
      this.tell(error.cure ?? '', `${error.message}; its values are judged one by one`);
    }
  }

  /** As it is once it has the lock: another task may have done it, or a part of it. */
  async #runAll(session: TargetSession, wanted: WantedTable, optional: boolean): Promise<void> {
    await this.#underLock(session, async () => {
      const current = await this.read(session, wanted.name);
      if (current === null) return;
      const all = this.#tables.differences(current, wanted);
      const due = all.filter(({ isOptional }) => isOptional === optional);
      if (due.length > 0) await session.query(this.#dialect.ddlPace);
      for (const evolution of due) await this.#run(session, current, evolution);
    });
  }

  async #run(session: TargetSession, table: TargetTable, evolution: Evolution): Promise<void> {
    const { statement, effect, widens } = evolution;
    this.tell(statement, effect);
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
