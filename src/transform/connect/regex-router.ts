import type { ConnectRecord } from '../../model/connect-record.ts';
import { JavaReplacement } from '../java-pattern.ts';
import type { RecordTransform } from '../record-transform.ts';

/** Connect's RegexRouter: a topic that matches as a whole gets the name of the replacement. */
export class RegexRouter implements RecordTransform {
  readonly #rename: JavaReplacement;

  constructor(regex: string, replacement: string) {
    this.#rename = new JavaReplacement('regex', regex, replacement);
  }

  apply(record: ConnectRecord): ConnectRecord {
    const topic = this.#rename.apply(record.topic);
    return topic === null ? record : { ...record, topic };
  }
}
