import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readJavaOffsetFile } from '../../src/runtime/java-offset-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Written by OpenJDK 17's ObjectOutputStream from a HashMap<byte[], byte[]> of three entries, as
 * Connect's FileOffsetBackingStore does; the value of the last one is null.
 */
const RECORDED = path.join(import.meta.dirname, '../golden/offsets/standalone.offsets');

test('keys and values of the recorded file', () => {
  expect(Object.fromEntries(readJavaOffsetFile(RECORDED))).toEqual(
    Object.fromEntries([
      ['["gone",{"server":"c"}]', null],
      [
        '["orders",{"server":"shop"}]',
        '{"lsn_proc":29577280,"messageType":"COMMIT","lsn_commit":29577280,"lsn":29577280,' +
          '"txId":782,"ts_usec":1795305206624266}',
      ],
      ['["other",{"server":"b"}]', '{"lsn":1}'],
    ]),
  );
});

test('every other file is refused with the place, whatever it is cut or changed to', async () => {
  await using folder = await temporaryFolder('offsets');
  const file = path.join(folder.path, 'x.offsets');
  const bytes = readFileSync(RECORDED);
  const refused = (content: Buffer): void => {
    writeFileSync(file, content);
    expect(() => readJavaOffsetFile(file)).toThrow(
      /x\.offsets is not an offsets file .* \(byte \d+\)/,
    );
  };
  for (let length = 1; length < bytes.length; length++) refused(bytes.subarray(0, length));
  refused(Buffer.concat([bytes, Buffer.from([0])]));
  refused(Buffer.from('{"json": true}'));
  const negative = Buffer.from(bytes);
  negative.writeInt32BE(-1, bytes.indexOf('["other"') - 4);
  refused(negative);
});

test('an empty file has no offsets; one that is missing is told', async () => {
  await using folder = await temporaryFolder('offsets');
  const file = path.join(folder.path, 'empty.offsets');
  writeFileSync(file, '');
  expect(readJavaOffsetFile(file).size).toBe(0);
  expect(() => readJavaOffsetFile(`${file}.no`)).toThrow(/cannot be read \(ENOENT\)/);
});
