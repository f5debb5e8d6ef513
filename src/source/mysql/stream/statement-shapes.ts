import { columnTypeText } from '../../../../dialects/mysql/ddl/column-types.ts';
import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { CatalogChange, QualifiedName } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type {
  ColumnDefault,
  ColumnDefinition,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import { tableName } from '../../../model/table-schema.ts';
import type {
  ColumnShape,
  RewriteFact,
  ShapedTable,
  ShapeEvent,
  ShapeListener,
  TableShape,
} from '../../../model/table-shape.ts';
import type { MysqlTableSchemas } from './mysql-table-schemas.ts';

/** What statements are told with. */
export interface StatementShapesParts {
  readonly listener: ShapeListener;
  readonly schemas: MysqlTableSchemas;
  /** Comments of tables are told. */
  readonly includeComments: boolean;
}

/** Where a statement stands. */
export interface ToldPlace {
  /** Null: the server gives none. */
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  readonly atMs: number;
  readonly ddl: string;
  readonly server: ServerVersion;
}

/** What was there under a name, and what is. */
interface NameChange {
  before: TableDefinition | null;
  after: TableDefinition | null;
  replaces: boolean;
}

/**
 * Tells what statements did to the shapes of captured tables: one event for each table of a
 * statement, before anything that stands behind the statement.
 */
export class StatementShapes {
  readonly #parts: StatementShapesParts;

  constructor(parts: StatementShapesParts) {
    this.#parts = parts;
  }

  /** The tables at the start of a stream: no news, but what later changes are told against. */
  async began(definitions: Iterable<TableDefinition>, place: string, server: ServerVersion) {
    const { listener } = this.#parts;
    await listener.caughtUp();
    for (const definition of definitions) {
      const { database, name } = definition;
      if (!this.#isCaptured(definition)) continue;
      if ((listener.known(`${database}.${name}`)?.shape ?? null) !== null) continue;
      await listener.seen(this.#shaped(definition, server), place);
    }
  }

  /** Durable when it resolves. */
  async followed(
    changes: readonly CatalogChange[],
    place: ToldPlace,
    facts: ReadonlyMap<string, RewriteFact>,
  ): Promise<void> {
    for (const event of this.#events(changes, place, facts)) {
      await this.#parts.listener.changed(event);
    }
  }

  #events(
    changes: readonly CatalogChange[],
    place: ToldPlace,
    facts: ReadonlyMap<string, RewriteFact>,
  ): readonly ShapeEvent[] {
    const names = changesByName(changes);
    const events: ShapeEvent[] = [];
    const told = new Set<string>();
    const add = (
      name: string,
      event: Pick<ShapeEvent, 'before' | 'after'> & Partial<ShapeEvent>,
    ) => {
      if (event.before === null && event.after === null) return;
      told.add(name);
      const rewrites = facts.get(name);
      events.push({ ...placed(place), ...event, ...(rewrites === undefined ? {} : { rewrites }) });
    };
    for (const [from, to] of renames(changes, names)) {
      const [before, after] = [names.get(from)?.before, names.get(to)?.after];
      names.delete(from);
      names.delete(to);
      if (before === undefined || after === undefined || before === null || after === null)
        continue;
      if (!this.#isCaptured(before) && !this.#isCaptured(after)) continue;
      const old = this.#isCaptured(before) ? this.#shaped(before, place.server) : null;
      add(to, { before: old, after: this.#shaped(after, place.server) });
      told.add(from);
    }
    for (const [name, { before, after, replaces }] of names) {
      const [old, now] = [before, after].map((one) => this.#ifCaptured(one, place.server));
      const last = replaces && old === null ? this.#lastTold(name) : null;
      const recreated = replaces ? ({ recreated: true } as const) : {};
      add(name, { before: old ?? last, after: now ?? null, ...recreated });
    }
    for (const change of changes) {
      if (change.kind !== 'truncated') continue;
      const { database, name } = change.name;
      const table = `${database}.${name}`;
      const shaped = this.#lastTold(table);
      if (!this.#parts.schemas.isCaptured(database, name) || shaped === null) continue;
      add(table, { before: shaped, after: shaped, truncated: true });
    }
    for (const [name, rewrites] of facts) {
      const shaped = told.has(name) ? null : this.#lastTold(name);
      if (shaped !== null) add(name, { before: shaped, after: shaped, rewrites });
    }
    return events;
  }

  /** What the listener has of it. */
  #lastTold(name: string): ShapedTable | null {
    const shape = this.#parts.listener.known(name)?.shape ?? null;
    return shape === null ? null : { shape, schema: null };
  }

  #isCaptured({ database, name, kind }: TableDefinition): boolean {
    return kind === 'table' && this.#parts.schemas.isCaptured(database, name);
  }

  #ifCaptured(definition: TableDefinition | null, server: ServerVersion): ShapedTable | null {
    if (definition === null || !this.#isCaptured(definition)) return null;
    return this.#shaped(definition, server);
  }

  #shaped(definition: TableDefinition, server: ServerVersion): ShapedTable {
    const { schemas } = this.#parts;
    const { database, name } = definition;
    const columns = definition.columns.filter((column) =>
      schemas.isColumnCaptured(database, name, column.name),
    );
    const shapeOf = (key: readonly string[], docs: ReadonlyMap<string, string>): TableShape => ({
      id: { catalog: 'def', schema: database, table: name },
      incarnation: null,
      columns: columns.map((column) => columnShape(column, server, docs.get(column.name) ?? null)),
      key,
      replicaIdentity: null,
      charset: `${definition.charset} ${definition.collation}`,
      comment: this.#parts.includeComments ? definition.comment : null,
    });
    try {
      const schema = schemas.ofDefinition(definition);
      if (schema === null) return { shape: shapeOf([], new Map()), schema };
      const key = schema.keyColumns.map((index) => schema.columns[index]?.name ?? '');
      const docs = schema.columns.flatMap(({ name: column, schema: { doc } }) =>
        doc === undefined ? [] : [[column, doc] as const],
      );
      return { shape: shapeOf(key, new Map(docs)), schema };
    } catch (error) {
      const problem = toTidemarkError(error).message;
      return { shape: shapeOf([], new Map()), schema: null, problem };
    }
  }
}

/** First and last definition of each name that the statement touched. */
function changesByName(changes: readonly CatalogChange[]): Map<string, NameChange> {
  const names = new Map<string, NameChange>();
  const touch = (
    { database, name }: QualifiedName,
    before: TableDefinition | null,
    after: TableDefinition | null,
    replaces = false,
  ): void => {
    const key = `${database}.${name}`;
    const known = names.get(key);
    if (known === undefined) names.set(key, { before, after, replaces });
    else names.set(key, { ...known, after });
  };
  for (const change of changes) {
    switch (change.kind) {
      case 'created':
        touch(change.table, null, change.table, change.replaces === true);
        break;
      case 'altered':
      case 'renamed':
      case 'indexed':
        if (qualified(change.before) === qualified(change.after)) {
          touch(change.after, change.before, change.after);
        } else {
          touch(change.before, change.before, null);
          touch(change.after, null, change.after);
        }
        break;
      case 'dropped':
        touch(change.name, change.before, null);
        break;
      default:
    }
  }
  return names;
}

/** Tables that only got another name: none is left under the old one, none was under the new. */
function renames(
  changes: readonly CatalogChange[],
  names: ReadonlyMap<string, NameChange>,
): readonly (readonly [string, string])[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'renamed' && change.kind !== 'altered') return [];
    const [from, to] = [qualified(change.before), qualified(change.after)];
    if (from === to) return [];
    const isGone = names.get(from)?.after === null && names.get(from)?.before !== null;
    const isNew = names.get(to)?.before === null && names.get(to)?.after !== null;
    return isGone && isNew ? [[from, to] as const] : [];
  });
}

function qualified({ database, name }: QualifiedName): string {
  return tableName({ catalog: 'def', schema: database, table: name });
}

function placed({ gtid, file, pos, atMs, ddl }: ToldPlace) {
  const position = gtid === null ? `${file}:${pos}` : `${gtid} (${file}:${pos})`;
  return { key: gtid ?? `${file}:${pos}`, position, atMs, ddl };
}

function columnShape(
  column: ColumnDefinition,
  server: ServerVersion,
  comment: string | null,
): ColumnShape {
  const { type, generated, autoIncrement } = column;
  return {
    name: column.name,
    number: null,
    type: type.members === null ? columnTypeText(type, server) : type.base,
    nullable: column.nullable,
    default: defaultText(column),
    generated,
    counted: autoIncrement ? 'auto_increment' : null,
    members: type.members,
    charset: type.charset === null ? null : `${type.charset} ${type.collation ?? ''}`.trimEnd(),
    comment,
  };
}

function defaultText({ default: value, onUpdateNow }: ColumnDefinition): string | null {
  const text = constantText(value);
  const update = onUpdateNow === null ? null : `on update ${nowText(onUpdateNow)}`;
  const parts = [text, update].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}

function constantText(value: ColumnDefault): string | null {
  switch (value?.kind) {
    case undefined:
      return null;
    case 'literal':
      return `'${value.text}'`;
    case 'bits':
      return `b'${value.text}'`;
    case 'now':
      return nowText(value.fraction);
    case 'expression':
      return `(${value.text})`;
  }
}

function nowText(fraction: number): string {
  return fraction === 0 ? 'current_timestamp' : `current_timestamp(${fraction})`;
}
