import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { LetterChoice } from '../../src/runtime/dead-letters.ts';
import {
  dropSourceLetters,
  listSourceLetters,
  noSourceReplay,
  type ShownSourceLetter,
  showSourceLetters,
} from '../../src/runtime/source-letters.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { never } from '../support/sink-harness.ts';
import { sourceLetterLog } from '../support/source-letter-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ALL = { sink: null, topic: null, key: null };
const TOPIC = 'shop.public.orders';
const table = keyedTable();

function commandIn(folder: string, source: Readonly<Record<string, unknown>>) {
  const storePath = path.join(folder, 'store');
  const transport = { type: 'embedded', path: storePath };
  const config = parsedPipeline({ transport, source }, path.join(folder, 'p.yaml'));
  return { storePath, command: { config, clock: systemClock, signal: never } };
}

test('listed, shown by key and topic, and given up', async () => {
  await using folder = await temporaryFolder('source-letters');
  const { command, storePath } = commandIn(folder.path, { 'errors.tolerance': 'all' });
  const write = async (ids: readonly string[]): Promise<void> => {
    await using log = await sourceLetterLog(storePath);
    const error = new TidemarkError('VALUE_CONVERSION', 'not so');
    for (const id of ids) {
      log.letters.row(rowChange(table, 'c', null, [id, 'x']), error, log.batch);
    }
    await log.flush();
  };
  await write(['NaN', '-']);
  const shown = async (choice: LetterChoice = ALL): Promise<ShownSourceLetter[]> => {
    const found: ShownSourceLetter[] = [];
    for await (const letter of showSourceLetters(command, choice)) found.push(letter);
    return found;
  };
  const kind = { topic: TOPIC, stage: 'VALUE_CONVERTER', code: 'VALUE_CONVERSION' };
  expect(await listSourceLetters(command, ALL)).toMatchObject({
    source: 'shop',
    letterTopic: '__tidemark.dlq.shop.source',
    loose: [{ ...kind, letters: 2, message: 'not so' }],
  });
  expect(await shown()).toMatchObject([
    { ...kind, offset: 0, key: { id: 'NaN' }, value: { after: { id: 'NaN', note: 'x' } } },
    { ...kind, offset: 1, key: { id: '-' } },
  ]);
  expect(await shown({ ...ALL, key: '{ "id": "-" }' })).toMatchObject([{ offset: 1 }]);
  expect(await shown({ ...ALL, topic: 'another' })).toEqual([]);
  expect(await shown({ ...ALL, sink: 'w' })).toEqual([]);
  expect(await listSourceLetters(command, { ...ALL, sink: 'w' })).toBeNull();
  expect(await dropSourceLetters(command)).toBe(2);
  expect(await shown()).toEqual([]);
  expect(await dropSourceLetters(command)).toBe(0);
  await write(['later']);
  expect(await shown()).toMatchObject([{ offset: 2, key: { id: 'later' } }]);
  expect(noSourceReplay(1)).toMatchObject({ code: 'SOURCE_LETTER' });
});

test('a source that stops, or drops what it cannot make, has none', async () => {
  await using folder = await temporaryFolder('source-letters');
  const stops = commandIn(folder.path, {}).command;
  expect(await listSourceLetters(stops, ALL)).toBeNull();
  const drops = commandIn(folder.path, {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'errors.tolerance': 'all',
  }).command;
  expect(await listSourceLetters(drops, ALL)).toMatchObject({ letterTopic: null, loose: [] });
  expect(await dropSourceLetters(drops)).toBe(0);
});
