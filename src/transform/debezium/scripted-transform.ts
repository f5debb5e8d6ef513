import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { javaPattern } from '../java-pattern.ts';
import type { RecordTransform } from '../record-transform.ts';
import { ScriptExpression } from './script-expression.ts';

/** What Debezium's Filter and ContentBasedRouter share: topic.regex and null.handling.mode. */
export abstract class ScriptedTransform implements RecordTransform {
  protected readonly expression: ScriptExpression;
  readonly #topics: RegExp | null;
  readonly #nulls: string;

  constructor(options: ResolvedOptions, property: string) {
    this.expression = new ScriptExpression(property, options.string(property));
    const regex = options.optionalString('topic.regex');
    this.#topics = regex === undefined ? null : javaPattern('topic.regex', regex, true);
    this.#nulls = options.string('null.handling.mode');
  }

  apply(record: ConnectRecord): ConnectRecord | null {
    if (this.#topics !== null && !this.#topics.test(record.topic)) return record;
    if (record.value.value === null && this.#nulls !== 'evaluate') {
      return this.#nulls === 'keep' ? record : null;
    }
    return this.evaluated(record);
  }

  protected abstract evaluated(record: ConnectRecord): ConnectRecord | null;
}
