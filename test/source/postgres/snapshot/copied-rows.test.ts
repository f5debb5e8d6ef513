import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import { copiedRows } from '../../../../src/source/postgres/snapshot/copied-rows.ts';

test('rows of COPY are read, and stand at the consistent point', () => {
  const source = copiedRows(lsn(99n), systemClock, 7);
  const image = new RowImage();
  const line = Buffer.from('1\t\\N\n');
  source.readRow(line, 0, line.length, image, 2);
  expect([image.text(0), image.text(1)]).toEqual(['1', null]);
  expect(source.change).toMatchObject({ op: 'r', lsn: 99n, commitLsn: 99n, transactionId: 7 });
});
