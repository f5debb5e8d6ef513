import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { ServerMessage } from '../../../../src/source/postgres/wire/wire-messages.ts';
import {
  CopyBothOperation,
  CopyOutOperation,
  QueryOperation,
} from '../../../../src/source/postgres/wire/wire-operation.ts';

const EMPTY = (): ByteReader => new ByteReader();

test('an operation ends at ReadyForQuery, with the first error of the server', async () => {
  const fine = new QueryOperation();
  fine.message(ServerMessage.readyForQuery, EMPTY());
  await expect(fine.done).resolves.toBeUndefined();
  const failed = new QueryOperation();
  failed.serverError = new TidemarkError('PG_SERVER', 'first');
  failed.serverError = new TidemarkError('PG_SERVER', 'second');
  failed.message(ServerMessage.readyForQuery, EMPTY());
  await expect(failed.done).rejects.toThrow('first');
});

test('a message that has no place there is refused', () => {
  expect(() => {
    new QueryOperation().message(0x21, EMPTY());
  }).toThrow(DecodeError);
});

test('a copy passes its data and waits on', async () => {
  const seen: string[] = [];
  const wait = Promise.resolve();
  const operation = new CopyOutOperation({
    data: (bytes, start, end) => {
      seen.push(bytes.toString('utf8', start, end));
    },
    settle: () => wait,
  });
  expect(operation.data(Buffer.from('abcd'), 1, 3)).toBeUndefined();
  expect(seen).toEqual(['bc']);
  expect(operation.settle()).toBe(wait);
  await wait;
});

test('once it is ending, a replication stream hands nothing over', () => {
  const seen: string[] = [];
  const operation = new CopyBothOperation({
    started: () => seen.push('started'),
    frame: () => {
      seen.push('frame');
      return undefined;
    },
    settle: () => {
      seen.push('settle');
      return undefined;
    },
  });
  operation.message(ServerMessage.copyBoth, EMPTY());
  expect(operation.data(Buffer.alloc(1), 0, 1)).toBeUndefined();
  expect(operation.settle(false)).toBeUndefined();
  operation.ending = true;
  expect(operation.data(Buffer.alloc(1), 0, 1)).toBeUndefined();
  expect(operation.settle(false)).toBeUndefined();
  expect(seen).toEqual(['started', 'frame', 'settle']);
});
