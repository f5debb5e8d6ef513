import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { RegistryError } from '../../src/model/registry-error.ts';
import { sourceLetterContext } from '../../src/runtime/dead-letter-headers.ts';
import { scanLetters } from '../../src/runtime/dead-letter-scan.ts';
import { SourcePositions } from '../../src/runtime/source-positions.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { LogRecord } from '../../src/transport/transport.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';
import { never } from '../support/sink-harness.ts';
import { sourceLetterLog } from '../support/source-letter-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { changeRecord } from '../support/transform-records.ts';

const table = keyedTable();
const notSo = new TidemarkError('VALUE_CONVERSION', 'not so');

const RECORD = changeRecord('u', [1, 'a', null], [1, 'b', null]);

test('a row and a record stand in the batch, with what happened and where it was', async () => {
  await using folder = await temporaryFolder('letters');
  const positions = new SourcePositions();
  positions.opened('a');
  const rows = { envelope: OPTIONS, positions };
  await using log = await sourceLetterLog(folder.path, 'dead', rows);
  log.letters.row(rowChange(table, 'c', null, ['NaN', 'x']), notSo, log.batch);
  const failed = new TidemarkError('TRANSFORM', 'failed');
  log.letters.record(RECORD, 'TRANSFORMATION', failed, log.batch, 5);
  expect([log.letters.failed, log.batch.count]).toEqual([2, 2]);
  await log.flush();
  const found: LogRecord[] = [];
  for await (const some of scanLetters(log.transport, 'dead', never)) found.push(...some);
  const [row, record] = found;
  const { payload } = JSON.parse(row?.value?.toString() ?? '') as { payload: unknown };
  expect(payload).toMatchObject({ before: null, after: { id: 'NaN', note: 'x' }, op: 'c' });
  expect(row?.headers.map(({ name }) => name)).toContain('__tidemark.position');
  expect(sourceLetterContext(row?.headers ?? [])).toEqual({
    connector: 'shop',
    topic: 'shop.public.orders',
    stage: 'VALUE_CONVERTER',
    code: 'VALUE_CONVERSION',
    message: 'not so',
  });
  expect(record?.timestampMs).toBe(9);
  // Its source block lacks what its schema requires: text, that nothing is lost.
  expect(record?.value?.toString()).toContain(String.raw`\"after\":{\"id\":1`);
  expect(sourceLetterContext(record?.headers ?? [])).toMatchObject({ stage: 'TRANSFORMATION' });
});

test('dropped without a topic; what is no fault of the record is thrown', async () => {
  await using folder = await temporaryFolder('letters');
  await using log = await sourceLetterLog(folder.path, null, null);
  const { letters, batch } = log;
  letters.record(RECORD, 'VALUE_CONVERTER', notSo, batch, 5);
  expect([letters.failed, batch.count]).toEqual([1, 0]);
  const others = [
    new TidemarkError('KAFKA_AUTH', 'no'),
    new TidemarkError('INTERNAL', 'no'),
    new RegistryError(42_201, 'SCHEMA_INVALID', 'no'),
    new Error('no'),
  ];
  for (const error of others) {
    const take = (): void => letters.record(RECORD, 'TRANSFORMATION', error, batch, 5);
    expect(take).toThrow(error);
    expect(letters.takes(error)).toBe(false);
  }
  const row = (): void => letters.row(rowChange(table, 'c', null, ['1', 'x']), notSo, batch);
  expect(row).toThrow(notSo);
  expect(letters.failed).toBe(1);
  expect(new RecordBatch().count).toBe(batch.count);
});
