import { expect, test } from 'vitest';
import { EventType } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';
import { rowsKind } from '../../../../src/source/mysql/binlog/rows-kind.ts';

test.each([
  [EventType.writeRowsV1, 'c', 1, false, false],
  [EventType.updateRows, 'u', 2, false, false],
  [EventType.deleteRowsCompressedV1, 'd', 1, true, false],
  [EventType.writeRowsCompressed, 'c', 2, true, false],
  [EventType.partialUpdateRows, 'u', 2, false, true],
] as const)('event %i', (type, op, version, compressed, partial) => {
  expect(rowsKind(type)).toEqual({ op, version, compressed, partial });
});

test('no other event has rows', () => {
  expect(rowsKind(EventType.tableMap)).toBeUndefined();
  expect(rowsKind(EventType.preGaWriteRows)).toBeUndefined();
});
