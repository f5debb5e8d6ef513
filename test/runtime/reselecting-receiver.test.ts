import { describe, expect, test } from 'vitest';
import type {
  ChangeReceiver,
  PostgresOrigin,
  PostgresRowChange,
  SchemaStatement,
} from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { Reselector } from '../../src/runtime/reselecting-receiver.ts';
import { ReselectingReceiver } from '../../src/runtime/reselecting-receiver.ts';
import { binlogOrigin } from '../rowpath/encoder-harness.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';

const table = keyedTable();
const offset = { partition: {}, offset: {} };

interface Bench {
  readonly receiver: ReselectingReceiver;
  /** What the task was told, in order, with what was held. */
  readonly log: string[];
  /** Lets the query end. */
  readonly answer: PromiseWithResolvers<void>;
}

function benchOf(): Bench {
  const log: string[] = [];
  const answer = Promise.withResolvers<void>();
  const done = (text: string): Promise<void> => {
    log.push(text);
    return Promise.resolve();
  };
  const inner: ChangeReceiver = {
    snapshotStarted: () => done('snapshot'),
    snapshotCompleted: () => done('completed'),
    schemaChanged: () => void log.push('schema'),
    row: ({ after, lsn: at }: PostgresRowChange) =>
      void log.push(`row ${after?.text(0)} ${after?.text(1)} @${at}`),
    truncate: () => void log.push('truncate'),
    message: () => void log.push('message'),
    began: ({ gtid }) => void log.push(`began ${gtid}`),
    statement: () => void log.push('statement'),
    committed: ({ commitLsn }: PostgresOrigin) => void log.push(`committed ${commitLsn}`),
    settle: (more) => void log.push(`settle ${more}`),
  };
  const reselector: Reselector = {
    wants: ({ after }) => after?.text(1) === undefined,
    async fillIn(rows) {
      log.push(`fill ${rows.length}`);
      await answer.promise;
      for (const { change } of rows) {
        if (change.after?.text(1) === undefined) {
          change.after = RowImage.of([change.after?.text(0), 'filled']);
        }
      }
    },
  };
  const hold = (held: boolean): unknown => log.push(held ? 'hold' : 'let go');
  const { signal } = new AbortController();
  return { receiver: new ReselectingReceiver(inner, reselector, hold, signal), log, answer };
}

const row = (id: string, note: string | undefined): PostgresRowChange =>
  rowChange(table, 'u', null, [id, note]);

const GROUP = binlogOrigin({ gtid: '0-1-7' });
const STATEMENT: SchemaStatement = {
  origin: GROUP,
  database: 'shop',
  tables: null,
  ddl: 'CREATE DATABASE shop',
  changes: [],
};

test('who lacks nothing passes at once, and nothing is held', () => {
  const { receiver, log } = benchOf();
  receiver.row(row('1', 'a'));
  receiver.truncate({ ...row('1', 'a'), table });
  receiver.committed(row('1', 'a'));
  expect(receiver.schemaChanged({ table, previous: null, position: '0/1' })).toBeUndefined();
  receiver.began(GROUP);
  expect(receiver.statement(STATEMENT)).toBeUndefined();
  expect(receiver.settle(true)).toBeUndefined();
  expect(log).toEqual([
    'row 1 a @16',
    'truncate',
    'committed 32',
    'schema',
    'began 0-1-7',
    'statement',
    'settle true',
  ]);
});

test('a row that waits holds up all behind it; the reader may use its objects again', async () => {
  const { receiver, log, answer } = benchOf();
  receiver.row(row('1', 'a'));
  const reused = row('2', undefined);
  receiver.row(reused);
  reused.after = RowImage.of(['3', 'c']);
  reused.lsn = lsn(17n);
  receiver.row(reused);
  reused.after = RowImage.of(['spoilt', 'spoilt']);
  reused.lsn = lsn(99n);
  const at = { ...row('4', 'x'), table };
  receiver.truncate(at);
  receiver.committed(at);
  at.commitLsn = lsn(99n);
  const group = { ...GROUP };
  receiver.began(group);
  group.gtid = 'spoilt';
  expect(receiver.isWaiting).toBe(true);
  const settled = receiver.settle(false);
  expect(log).toEqual(['row 1 a @16', 'hold', 'fill 2']);
  answer.resolve();
  await settled;
  expect(log.slice(3)).toEqual([
    'let go',
    'row 2 filled @16',
    'row 3 c @17',
    'truncate',
    'committed 32',
    'began 0-1-7',
    'settle false',
  ]);
  expect(receiver.isWaiting).toBe(false);
});

describe('what may come between', () => {
  test.each<[string, (receiver: ReselectingReceiver) => Promise<void> | undefined]>([
    ['schema', (receiver) => receiver.schemaChanged({ table, previous: null, position: '0/1' })],
    [
      'message',
      (receiver) =>
        receiver.message({
          ...row('1', 'a'),
          prefix: 'p',
          content: Buffer.alloc(0),
          transactional: true,
        }),
    ],
    ['statement', (receiver) => receiver.statement(STATEMENT)],
    ['snapshot', (receiver) => receiver.snapshotStarted([], offset)],
    ['completed', (receiver) => receiver.snapshotCompleted(offset)],
  ])('a %s waits for the rows before it', async (name, call) => {
    const { receiver, log, answer } = benchOf();
    receiver.row(row('1', undefined));
    answer.resolve();
    await call(receiver);
    expect(log).toEqual(['hold', 'fill 1', 'let go', 'row 1 filled @16', name]);
  });
});

test('a failure leaves the rows waiting: nothing of them may be stored', async () => {
  const { receiver, log, answer } = benchOf();
  receiver.row(row('1', undefined));
  answer.reject(new Error('no table'));
  await expect(receiver.settle(false)).rejects.toThrow('no table');
  expect(receiver.isWaiting).toBe(true);
  expect(log).toEqual(['hold', 'fill 1']);
});
