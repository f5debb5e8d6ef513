import type { ConnectRecord } from '../model/connect-record.ts';
import type { RecordTransform } from './record-transform.ts';

/** Connect's RegexRouter: a topic that matches as a whole gets the name of the replacement. */
export class RegexRouter implements RecordTransform {
  readonly #pattern: RegExp;
  readonly #replacement: string;

  constructor(regex: string, replacement: string) {
    this.#pattern = new RegExp(`^(?:${regex})$`, 's');
    this.#replacement = javaReplacement(replacement);
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (!this.#pattern.test(record.topic)) return record;
    // Matched as a whole, so that an expression which also matches "" is not applied twice.
    return { ...record, topic: record.topic.replace(this.#pattern, this.#replacement) };
  }
}

/** Java's `${name}` and `\$`, as JavaScript writes them; `$1` is the same. */
function javaReplacement(text: string): string {
  return text
    .replaceAll(/\\([\s\S])/g, (_, char: string) => (char === '$' ? '$$' : char))
    .replaceAll(/\$\{(\w+)\}/g, '$<$1>');
}
