import type { TargetDialect } from '../../../dialects/dialect.ts';
import type { TidemarkError } from '../../foundation/errors.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { shadowedTable, shadowNames } from './shadow-columns.ts';
import type { SchemaEvolution } from './sql-sink-options.ts';
import type { WantedTable } from './table-evolution.ts';
import { TableEvolution } from './table-evolution.ts';
import type { TargetSession } from './target-session.ts';

/** A statement that the sink would run, and what it does to those who use the table. */
export interface PlannedStatement {
  readonly statement: string;
  /** Null: it makes something that is not there. */
  readonly effect: string | null;
}

/** What a sink would do to a table before it writes there, or why it would park it. */
export interface PlannedTargetTable {
  readonly exists: boolean;
  readonly statements: readonly PlannedStatement[];
  readonly refusal: TidemarkError | null;
}

const making = (statement: string): PlannedStatement => ({ statement, effect: null });

/** Works out what the sink would do to a table, where nothing is known of the target. */
export function planUnseenTable(
  dialect: TargetDialect,
  evolution: SchemaEvolution,
  wanted: WantedTable,
): readonly PlannedStatement[] {
  if (!evolution.create) return [];
  const tables = new TableEvolution(dialect, evolution);
  const { schema } = wanted.name;
  const enums = wanted.columns.flatMap(({ type: { enumType } }) =>
    enumType === null || dialect.enums === undefined
      ? []
      : [dialect.enums.create(schema, enumType)],
  );
  const before = dialect.createSchema(schema) ?? [];
  return [before, [...new Set(enums)], tables.creation(wanted)].flat().map(making);
}

/** Works out what the sink would do to a table of the target, and changes nothing. */
export async function planTargetTable(
  session: TargetSession,
  dialect: TargetDialect,
  evolution: SchemaEvolution,
  asked: WantedTable,
): Promise<PlannedTargetTable> {
  const tables = new TableEvolution(dialect, evolution);
  const { rows } = await session.query(dialect.tableQuery(asked.name));
  const table = dialect.readTable(asked.name, rows);
  const wanted =
    table === null || evolution.policy !== 'shadow'
      ? asked
      : shadowedTable(asked, shadowNames(table, asked, tables, String));
  const before = await missingObjects(session, dialect, evolution, wanted);
  try {
    if (table === null) {
      const statements = [...before, ...tables.creation(wanted)].map(making);
      return { exists: false, statements, refusal: null };
    }
    tables.check(table, wanted);
    const missing = tables.differences(table, wanted);
    tables.checkAllowed(table, missing);
    const evolutions = missing.map(({ statement, effect }) => ({ statement, effect }));
    return { exists: true, statements: [...before.map(making), ...evolutions], refusal: null };
  } catch (thrown) {
    const refusal = toSinkError(thrown);
    if (!isPermanent(refusal)) throw refusal;
    return { exists: table !== null, statements: [], refusal };
  }
}

/** The schema, enum types and their labels, which are made before the table. */
async function missingObjects(
  session: TargetSession,
  dialect: TargetDialect,
  { create, evolve }: SchemaEvolution,
  { name: { schema }, columns }: WantedTable,
): Promise<readonly string[]> {
  const { enums } = dialect;
  const statements = new Set<string>();
  const { rows } = await session.query(dialect.schemaQuery(schema));
  const schemaMaking = rows.length === 0 && create ? dialect.createSchema(schema) : null;
  if (schemaMaking !== null) statements.add(schemaMaking);
  for (const { type } of columns) {
    if (enums === undefined || type.enumType === null || !(create || evolve)) continue;
    const found = await session.query(enums.labels(schema, type.enumType.name));
    const labels = found.rows.map((row) => String(row['label']));
    const own =
      labels.length === 0
        ? [enums.create(schema, type.enumType)]
        : enums.addLabels(schema, type.enumType, labels);
    for (const statement of own) statements.add(statement);
  }
  return [...statements];
}
