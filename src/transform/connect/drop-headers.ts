import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';

/** Connect's DropHeaders. */
export class DropHeaders implements RecordTransform {
  readonly #names: ReadonlySet<string>;

  constructor(options: ResolvedOptions) {
    this.#names = new Set(options.list('headers'));
  }

  apply(record: ConnectRecord): ConnectRecord {
    const headers = record.headers.filter(({ name }) => !this.#names.has(name));
    return headers.length === record.headers.length ? record : { ...record, headers };
  }
}
