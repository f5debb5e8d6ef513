import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { ScriptedTransform } from './scripted-transform.ts';

/** Debezium's ContentBasedRouter: an expression names the topic; null leaves it. */
export class ContentBasedRouter extends ScriptedTransform {
  constructor(options: ResolvedOptions) {
    super(options, 'topic.expression');
  }

  protected override evaluated(record: ConnectRecord): ConnectRecord {
    const topic = this.expression.evaluate(record) ?? null;
    if (topic === null) return record;
    if (typeof topic === 'string' && topic !== '') return { ...record, topic };
    const found = topic === '' ? 'an empty text' : typeof topic;
    throw new TidemarkError('TRANSFORM', `topic.expression gave ${found}, not a topic or null`);
  }
}
