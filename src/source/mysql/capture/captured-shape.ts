import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { CapturedShape } from '../stream/mysql-table-schemas.ts';

/** What is captured and how its values are shaped, as the options of the source say. */
export function capturedShapeOf(options: MysqlSourceOptions): CapturedShape {
  const { databaseInclude, databaseExclude, tableInclude, tableExclude } = options;
  const { columnInclude, columnExclude } = options;
  return {
    wantsTable: (database, table) =>
      isListed(database, databaseInclude, databaseExclude) &&
      isListed(`${database}.${table}`, tableInclude, tableExclude),
    wantsColumn: (database, table, column) =>
      isListed(`${database}.${table}.${column}`, columnInclude, columnExclude),
    masks: options.masks,
    messageKeys: options.messageKeys,
    modes: options.valueModes,
    propagateSourceType: options.propagateSourceType,
    propagateDatatype: options.propagateDatatype,
    ownParameters: options.ownParameters,
    defaults: options.defaults,
    includeComments: options.history.includeComments,
    conversions: options.columnConversions,
  };
}

/** An include list that is empty takes everything. */
function isListed(name: string, include: readonly RegExp[], exclude: readonly RegExp[]): boolean {
  const isIncluded = include.length === 0 || include.some((pattern) => pattern.test(name));
  return isIncluded && !exclude.some((pattern) => pattern.test(name));
}
