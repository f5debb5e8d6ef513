import { expect, test } from 'vitest';
import { RowImage } from '../../../../src/model/row-image.ts';
import { shownText, storedText } from '../../../../src/source/mysql/incremental/key-texts.ts';
import { knownOf } from '../../../support/known-table.ts';

test('bytes are shown as digits and stored as letters; texts are in UTF-8', () => {
  const { definition } = knownOf('CREATE TABLE t (b VARBINARY(9) PRIMARY KEY, v VARCHAR(9))');
  const [bytes, text] = definition.columns;
  if (bytes === undefined || text === undefined) throw new Error('two columns');
  expect(storedText(bytes, '00ff')).toBe('\u0000\u00ff');
  expect(storedText(bytes, String.raw`\x00ff`)).toBe('\u0000\u00ff');
  expect(storedText(text, 'é')).toBe('Ã©');
  const image = RowImage.of(['ab', 'é', null]);
  expect([shownText(bytes, image, 0), shownText(text, image, 1)]).toEqual(['6162', 'é']);
  expect([shownText(bytes, image, 2), shownText(text, image, 2)]).toEqual(['', '']);
});
