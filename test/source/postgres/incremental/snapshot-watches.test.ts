import { expect, test } from 'vitest';
import type { ChangeReceiver } from '../../../../src/model/change-event.ts';
import type { TableSchema } from '../../../../src/model/table-schema.ts';
import type {
  RelationCache,
  RelationWatch,
} from '../../../../src/source/postgres/stream/relation-cache.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { SnapshotWatches } from '../../../../src/source/postgres/incremental/snapshot-watches.ts';
import { SignalWatch, TableWatch } from '../../../../src/source/incremental/table-watch.ts';
import { READING, taskList } from '../../../support/window-fixtures.ts';

const table = (name: string): TableSchema =>
  ({ id: { catalog: 'd', schema: 'public', table: name } }) as TableSchema;

test('tables with a task, seen tables and the signal table are watched, no others', () => {
  let watchOf: (table: TableSchema) => RelationWatch | null = () => null;
  const relations = {
    watch: (given: typeof watchOf) => (watchOf = given),
  } as unknown as RelationCache;
  const { tasks, task } = taskList({});
  const watches = new SnapshotWatches({
    options: { ...DEFAULT_SNAPSHOT_OPTIONS, signalTable: 'public.signal' },
    receiver: {} as ChangeReceiver,
    relations,
    tasks,
    captured: () => [READING.captured],
    window: () => null,
    signal: () => undefined,
  });
  expect(watchOf(table('t'))).toBeInstanceOf(TableWatch);
  expect(watchOf(table('t'))).toBe(watchOf(table('t')));
  expect(watchOf(table('signal'))).toBeInstanceOf(SignalWatch);
  expect(watchOf(table('other'))).toBeNull();
  tasks.finish(task, 'SUCCEEDED');
  watches.renew();
  expect(watchOf(table('t'))).toBeNull();
  const seen = { schema: 'public', table: 'other', snapshot: '5:5:', inRecovery: false };
  tasks.setSeen([{ ...seen, until: '0/1' }]);
  watches.renew();
  expect(watchOf(table('other'))).toBeInstanceOf(TableWatch);
});
