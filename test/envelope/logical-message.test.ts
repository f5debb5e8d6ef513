import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { messageRecord, messageValueSchema } from '../../src/envelope/logical-message.ts';
import { messageTopic } from '../../src/envelope/topic-naming.ts';
import { lsn } from '../../src/model/lsn.ts';
import { goldenRecords } from '../support/golden-records.ts';

const converter = new JsonConverter();
const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'g_postgres_default',
  connector: 'postgresql',
  version: '3.6.0.Final',
  database: 'golden',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '',
  absentHeader: true,
};

interface GoldenMessage {
  readonly ts_ms: number;
  readonly source: { lsn: number; ts_us: number; sequence: string; txId: number | null };
  readonly message: { prefix: string; content: string };
}

test.for([0, 1, 2, 3])('message %i equals Debezium byte for byte', (index) => {
  const golden = goldenRecords('message')[index];
  const { payload } = JSON.parse(golden?.value ?? '') as { payload: GoldenMessage };
  const { source } = payload;
  const [previous] = JSON.parse(source.sequence) as [string];
  const content = Buffer.from(payload.message.content, 'base64');
  const change = {
    prefix: payload.message.prefix,
    content,
    transactional: source.txId !== null,
    family: 'postgres' as const,
    lsn: lsn(BigInt(source.lsn)),
    commitLsn: lsn(0n),
    previousCommitLsn: lsn(BigInt(previous)),
    ordinal: 0,
    transactionId: source.txId,
    sourceMicros: BigInt(source.ts_us),
    snapshot: 'false' as const,
  };
  const made = messageRecord(change, messageValueSchema('bytes'), content, {
    options: OPTIONS,
    processedMicros: BigInt(payload.ts_ms) * 1000n + 999n,
  });
  const text = (struct: typeof made.key): string | undefined =>
    converter.fromConnect(converter.prepared(struct.schema), struct)?.toString();
  expect(messageTopic(OPTIONS.topicPrefix)).toBe(golden?.topic);
  expect(text(made.key)).toBe(golden?.key);
  expect(text(made.value)).toBe(golden?.value);
});

test('content that becomes text has a string for its schema', () => {
  const message = messageValueSchema('string').fields?.at(-1)?.schema;
  expect(message?.fields?.[1]).toEqual({
    name: 'content',
    schema: { type: 'string', optional: true },
  });
});
