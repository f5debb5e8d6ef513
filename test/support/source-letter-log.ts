import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { RowReading } from '../../src/runtime/source-dead-letters.ts';
import { SourceDeadLetters } from '../../src/runtime/source-dead-letters.ts';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';

const CLASSES = { KEY_CONVERTER: 'K', VALUE_CONVERTER: 'V', TRANSFORMATION: 'T', TASK_PUT: 'P' };

/** Dead letters of a source of the pipeline `shop`, in a store of the test's. */
export interface SourceLetterLog extends AsyncDisposable {
  readonly letters: SourceDeadLetters;
  readonly transport: EmbeddedTransport;
  readonly batch: RecordBatch;
  /** Appends what is in the batch. */
  flush(): Promise<void>;
}

export async function sourceLetterLog(
  storePath: string,
  topic: string | null = '__tidemark.dlq.shop.source',
  rows: RowReading | null = { envelope: OPTIONS, positions: null },
): Promise<SourceLetterLog> {
  const transport = await openEmbeddedTransport({ path: storePath });
  const parts = {
    pipeline: 'shop',
    topic,
    replicationFactor: -1,
    classes: CLASSES,
    log: { each: false, places: false },
    transport,
    clock: systemClock,
    logger: silentLogger(),
  };
  const letters = new SourceDeadLetters(parts, rows);
  await letters.prepare();
  const batch = new RecordBatch();
  return {
    letters,
    transport,
    batch,
    async flush() {
      await transport.append(batch, { key: 'source', value: '1' });
      batch.clear();
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
