import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import { SimpleDateFormat } from './simple-date-format.ts';

/** Connect's TimestampRouter: puts the time of the record, in UTC, into the topic. */
export class TimestampRouter implements RecordTransform {
  readonly #format: string;
  readonly #time: SimpleDateFormat;

  constructor(options: ResolvedOptions) {
    this.#format = options.string('topic.format');
    this.#time = new SimpleDateFormat('timestamp.format', options.string('timestamp.format'));
  }

  apply(record: ConnectRecord): ConnectRecord {
    const { timestampMs, topic } = record;
    if (timestampMs === null) {
      throw new TidemarkError('TRANSFORM', `TimestampRouter: a record of ${topic} has no time`, {
        cure:
          'Records of changes get their time when they are written. Give them one before, e.g. ' +
          'with table.field.event.timestamp of the EventRouter, or route on the sink.',
      });
    }
    const time = this.#time.format(timestampMs);
    const named = this.#format.replaceAll('${topic}', () => topic);
    return { ...record, topic: named.replaceAll('${timestamp}', () => time) };
  }
}
