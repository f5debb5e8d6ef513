import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { ScriptedTransform } from './scripted-transform.ts';

/** Debezium's Filter: keeps the records for which an expression is true. */
export class Filter extends ScriptedTransform {
  constructor(options: ResolvedOptions) {
    super(options, 'condition');
  }

  protected override evaluated(record: ConnectRecord): ConnectRecord | null {
    const result = this.expression.evaluate(record);
    // Anything else is a slip, and would drop or keep records that nobody meant.
    if (typeof result === 'boolean') return result ? record : null;
    throw new TidemarkError('TRANSFORM', `condition gave ${typeof result}, not true or false`);
  }
}
