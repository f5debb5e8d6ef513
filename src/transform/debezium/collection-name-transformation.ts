import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import type { NameParts, NamingStyle } from './naming-style.ts';
import { styledName } from './naming-style.ts';

/** Debezium's CollectionNameTransformation: the topic, which names the table, in another style. */
export class CollectionNameTransformation implements RecordTransform {
  readonly #parts: NameParts;
  /** There are as many topics as tables. */
  readonly #names = new Map<string, string>();

  constructor(options: ResolvedOptions) {
    this.#parts = {
      prefix: options.optionalString('collection.naming.prefix') ?? '',
      suffix: options.optionalString('collection.naming.suffix') ?? '',
      style: options.string('collection.naming.style') as NamingStyle,
    };
  }

  apply(record: ConnectRecord): ConnectRecord {
    let topic = this.#names.get(record.topic);
    if (topic === undefined) {
      topic = styledName(record.topic, this.#parts);
      this.#names.set(record.topic, topic);
    }
    return { ...record, topic };
  }
}
