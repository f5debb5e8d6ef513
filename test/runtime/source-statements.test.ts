import { expect, test } from 'vitest';
import type { SchemaStatement } from '../../src/model/change-event.ts';
import type { SourceSchemaChanges } from '../../src/runtime/source-schema-changes.ts';
import type { SourceSchemaHistory } from '../../src/runtime/source-schema-history.ts';
import { SourceStatements } from '../../src/runtime/source-statements.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { binlogOrigin } from '../rowpath/encoder-harness.ts';

const STATEMENT: SchemaStatement = {
  origin: binlogOrigin(),
  database: 'shop',
  tables: null,
  ddl: 'CREATE DATABASE shop',
  changes: [],
};

/** Something that has to be prepared once, and notes that it was written to. */
function target(name: string, log: string[]): unknown {
  let isReady = false;
  return {
    prepare: () => {
      if (isReady) return undefined;
      isReady = true;
      return Promise.resolve();
    },
    write: () => log.push(name),
  };
}

test('both are prepared, one after the other, and the history is written first', async () => {
  const log: string[] = [];
  const history = target('history', log) as SourceSchemaHistory;
  const topic = target('topic', log) as SourceSchemaChanges;
  const statements = new SourceStatements(history, topic);
  await statements.prepare();
  expect(statements.prepare()).toBeUndefined();
  statements.write(STATEMENT, new RecordBatch());
  expect(log).toEqual(['history', 'topic']);
});

test('without include.schema.changes the history alone', async () => {
  const log: string[] = [];
  const statements = new SourceStatements(target('history', log) as SourceSchemaHistory, null);
  await statements.prepare();
  expect(statements.prepare()).toBeUndefined();
  statements.write(STATEMENT, new RecordBatch());
  expect(log).toEqual(['history']);
});
