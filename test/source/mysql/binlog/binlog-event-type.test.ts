import { expect, test } from 'vitest';
import { EventType, eventTypeName } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';

test.each([
  [EventType.query, 'QUERY'],
  [EventType.writeRowsV1, 'WRITE_ROWS_V1'],
  [EventType.partialUpdateRows, 'PARTIAL_UPDATE_ROWS'],
  [EventType.mariadbGtid, 'MARIADB_GTID'],
  [EventType.deleteRowsCompressed, 'DELETE_ROWS_COMPRESSED'],
  [99, 'type 99'],
])('%i is called %s', (type, name) => {
  expect(eventTypeName(type)).toBe(name);
});
