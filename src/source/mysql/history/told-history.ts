import {
  canonicalCharset,
  defaultCollation,
} from '../../../../dialects/mysql/ddl/character-sets.ts';
import type { CharacterSet } from '../../../../dialects/mysql/ddl/character-sets.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import type { ToldChange } from '../../../../dialects/mysql/ddl/debezium-table-statement.ts';
import {
  debeziumTableStatement,
  tableOfDebeziumId,
} from '../../../../dialects/mysql/ddl/debezium-table-statement.ts';
import type { StatementContext } from '../../../../dialects/mysql/ddl/statement-context.ts';
import type { CatalogChange, QualifiedName } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { LowerCaseTableNames } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { SchemaMemory, SourceOffset } from '../../../model/change-event.ts';
import type { GtidSourceOptions } from '../mysql-source-options.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import { namesOf } from '../stream/statement-changes.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { liesBefore } from './told-position.ts';
import type { MemoryPlace } from './schema-memory.ts';
import { applyMemory } from './schema-memory.ts';

/** A record of a schema history in Debezium's form: its own, or one of ours. */
export interface ToldRecord {
  readonly position: SourceOffset['offset'];
  readonly database: string;
  readonly ddl: string | null;
  readonly changes: readonly ToldChange[];
  /** What we wrote beside it; null: somebody else wrote the record. */
  readonly memory: Omit<SchemaMemory, 'position'> | null;
}

/** Up to where a history is to be followed, and on which server. */
export interface ToldPlace {
  readonly done: BinlogPlace;
  /** Of ours those of this epoch are told by their number; null: all by where they stand. */
  readonly memory: MemoryPlace | null;
  readonly sources: GtidSourceOptions;
  readonly facts: Pick<MysqlServerFacts, 'flavor' | 'version'>;
  readonly lowerCaseTableNames: LowerCaseTableNames;
}

/** A catalog that was found in a history. */
export interface ToldCatalog {
  readonly catalog: TableCatalog;
  /** Statements that lie before the place; none: the history does not reach back to it. */
  readonly statements: number;
  /** Tables of which it does not tell what they are, and why. */
  readonly unknown: readonly (QualifiedName & { readonly reason: string })[];
}

/**
 * The catalog at a place, from the statements that lie before it. So it is found of an offset of
 * Debezium's, and where our own way, by numbers and checkpoints, is lost.
 */
export async function followHistory(
  records: AsyncIterable<ToldRecord>,
  place: ToldPlace,
): Promise<ToldCatalog> {
  const follower = new HistoryFollower(place);
  for await (const record of records) follower.take(record);
  return follower.found;
}

const SERVER_CHARSET = /\bcharacter_set_server\s*=\s*(\w+)(?:.*\bcollation_server\s*=\s*(\w+))?/is;

class HistoryFollower {
  readonly #place: ToldPlace;
  readonly #catalog: TableCatalog;
  readonly #unknown = new Map<string, QualifiedName & { readonly reason: string }>();
  /** A connector that starts again in front of a statement records it again. */
  readonly #seen = new Set<string>();
  #charset: CharacterSet;
  #statements = 0;

  constructor(place: ToldPlace) {
    this.#place = place;
    this.#catalog = new TableCatalog(place.lowerCaseTableNames);
    const charset =
      place.facts.flavor === 'mysql' && place.facts.version < 80_000 ? 'latin1' : 'utf8mb4';
    this.#charset = { charset, collation: defaultCollation(charset, place.facts, {}) };
  }

  get found(): ToldCatalog {
    const unknown = [...this.#unknown.values()];
    return { catalog: this.#catalog, statements: this.#statements, unknown };
  }

  take(record: ToldRecord): void {
    if (!this.#isBefore(record) || this.#isAgain(record)) return;
    this.#statements++;
    const { memory, ddl } = record;
    if (memory !== null) {
      applyMemory(this.#catalog, memory);
      this.#forgetKnown();
    } else if (ddl === null || ddl.trim() === '') this.#described(record.changes);
    else this.#statement(ddl, record);
  }

  #isBefore({ memory, position }: ToldRecord): boolean {
    const { memory: place, done, sources } = this.#place;
    if (memory !== null && place !== null && memory.epoch === place.epoch) {
      return memory.sequence <= place.sequence;
    }
    return liesBefore({ position, isOurs: memory !== null }, done, sources);
  }

  #isAgain({ position, database, ddl, memory }: ToldRecord): boolean {
    const isSnapshot = (position['snapshot'] ?? null) !== null;
    if (isSnapshot || memory !== null) return false;
    const { gtids = null, file, pos } = position;
    const where = gtids === null ? `${String(file)}:${String(pos)}` : String(gtids);
    const key = JSON.stringify([where, database, ddl]);
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }

  #statement(ddl: string, { database, changes }: ToldRecord): void {
    const [, charset, collation] = SERVER_CHARSET.exec(ddl) ?? [];
    if (charset !== undefined && /^\s*SET\s/i.test(ddl)) this.#setCharset(charset, collation);
    const context = this.#context(database, changes);
    const done = this.#catalog.apply(parseDdlStatement(ddl, context.dialect), context);
    for (const change of done) this.#changed(change, changes);
  }

  #setCharset(charset: string, collation: string | undefined): void {
    const { facts } = this.#place;
    this.#charset = { charset, collation: collation ?? defaultCollation(charset, facts, {}) };
  }

  /** A history of captured tables alone does not tell of their databases. */
  #charsetOf(database: string, changes: readonly ToldChange[]): CharacterSet {
    const isKnown = [...this.#catalog.databases()].some(({ name }) => name === database);
    const told = changes.find(({ table }) => table?.defaultCharsetName)?.table?.defaultCharsetName;
    if (isKnown || told === undefined || told === null) return this.#charset;
    const charset = canonicalCharset(told);
    return { charset, collation: defaultCollation(charset, this.#place.facts, {}) };
  }

  #context(database: string, changes: readonly ToldChange[] = []): StatementContext {
    return {
      // Under which sql_mode a statement ran is not told.
      dialect: ddlDialect(this.#place.facts, 0),
      database,
      serverCharset: this.#charsetOf(database, changes),
      defaultCollations: {},
      explicitDefaultsForTimestamp: true,
    };
  }

  /** What the statement alone does not tell stands in what it led to, as Debezium saw it. */
  #changed(change: CatalogChange, told: readonly ToldChange[]): void {
    if (change.kind !== 'uncertain') {
      for (const name of namesOf(change)) this.#unknown.delete(keyOf(name));
      return;
    }
    this.#described(told);
    const known = new Set(told.map(({ id }) => keyOf(tableOfDebeziumId(id) ?? NO_TABLE)));
    for (const name of change.tables.filter((table) => !known.has(keyOf(table)))) {
      this.#catalog.removeTable(name);
      this.#unknown.set(keyOf(name), { ...name, reason: change.reason });
    }
  }

  #described(changes: readonly ToldChange[]): void {
    for (const { id, previousId = null, table, type } of changes) {
      for (const gone of [previousId, type === 'DROP' ? id : null]) {
        const name = gone === null ? null : tableOfDebeziumId(gone);
        if (name !== null) this.#catalog.removeTable(name);
      }
      const name = tableOfDebeziumId(id);
      if (name === null || table === undefined || table === null) continue;
      const context = this.#context(name.database);
      const statement = debeziumTableStatement(name, table);
      const made = this.#catalog.apply(parseDdlStatement(statement, context.dialect), context);
      for (const change of made) {
        if (change.kind === 'uncertain')
          this.#unknown.set(keyOf(name), { ...name, reason: change.reason });
        else this.#unknown.delete(keyOf(name));
      }
    }
  }

  #forgetKnown(): void {
    for (const [key, { database, name }] of this.#unknown) {
      if (this.#catalog.table(database, name) !== undefined) this.#unknown.delete(key);
    }
  }
}

const NO_TABLE: QualifiedName = { database: '', name: '' };

function keyOf({ database, name }: QualifiedName): string {
  return `${database}\0${name}`;
}
