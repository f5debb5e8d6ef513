import type { SinkRecord } from '../../model/sink-record.ts';
import type { HistoryTable } from './history-table.ts';
import type { RowPlan } from './row-plan.ts';
import type { TableModel } from './table-model.ts';

/** Records of one topic that go to one table, and how. */
export interface RangeWork {
  /** Null: there is no table, and nothing but deletes. */
  readonly model: TableModel | null;
  readonly records: readonly SinkRecord[];
  /** The plan of each record's schemas; they were made before the transaction. */
  readonly planOf: (record: SinkRecord) => RowPlan | null;
  /** Other topics write to this table too: it is not ours to empty. */
  readonly shared: boolean;
  /** Where all changes are kept, too; null: nowhere. */
  readonly history: HistoryTable | null;
}
