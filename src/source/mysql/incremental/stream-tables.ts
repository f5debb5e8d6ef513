import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { SeenTable } from '../../incremental/snapshot-state.ts';
import type { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import type { LogSpot } from '../stream/stream-watches.ts';
import { isBefore } from './group-visibility.ts';
import type { KnownTable } from './table-reading.ts';

/** A table as the stream knows it at its place; undefined: it is not captured. */
export function knownTable(
  definition: TableDefinition | undefined,
  schemas: Pick<MysqlTableSchemas, 'ofDefinition'>,
): KnownTable | undefined {
  const schema = definition === undefined ? null : schemas.ofDefinition(definition);
  if (definition === undefined || schema === null) return undefined;
  return { definition, schema };
}

/** All that are captured, in the order of their names. */
export function capturedTables(
  catalog: Pick<TableCatalog, 'tables'>,
  schemas: Pick<MysqlTableSchemas, 'ofDefinition'>,
): readonly KnownTable[] {
  const names = ({ database, name }: TableDefinition): string => `${database}.${name}`;
  return [...catalog.tables()]
    .toSorted((a, b) => (names(a) < names(b) ? -1 : 1))
    .flatMap((definition) => knownTable(definition, schemas) ?? []);
}

/** What whole reads saw, without what has come in by now. */
export function forgetSeen(seen: readonly SeenTable[], at: LogSpot): readonly SeenTable[] {
  return seen.filter(({ until }) => {
    const colon = until.lastIndexOf(':');
    return isBefore(at, { file: until.slice(0, colon), pos: Number(until.slice(colon + 1)) });
  });
}
