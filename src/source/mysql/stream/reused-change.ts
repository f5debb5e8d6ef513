import type { BinlogRowChange } from '../../../model/change-event.ts';
import type { TableSchema } from '../../../model/table-schema.ts';

/** The one change of a stream: filled anew for each row. */
export type ReusedChange = { -readonly [K in keyof BinlogRowChange]: BinlogRowChange[K] };

/** No table, and never seen: set before the first use. */
const NO_TABLE: TableSchema = {
  id: { catalog: '', schema: '', table: '' },
  version: 0,
  columns: [],
  keyColumns: [],
  replicaIdentity: 'nothing',
};

/** A change before the first row. */
export function unusedChange(): ReusedChange {
  return {
    op: 'c',
    table: NO_TABLE,
    before: null,
    beforeIsKeyOnly: false,
    after: null,
    family: 'binlog',
    serverId: 0,
    gtid: null,
    file: '',
    pos: 4,
    groupPos: 4,
    row: 0,
    thread: null,
    query: null,
    transactionId: null,
    ordinal: 0,
    sourceMicros: 0n,
    snapshot: 'false',
  };
}
