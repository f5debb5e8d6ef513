import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import { parseLiteral } from '../value-literal.ts';

/** Connect's InsertHeader: adds a header with a fixed value. */
export class InsertHeader implements RecordTransform {
  readonly #header: ConnectHeader;

  constructor(options: ResolvedOptions) {
    const literal = parseLiteral(options.string('value.literal'));
    this.#header = { name: options.string('header'), ...literal };
  }

  apply(record: ConnectRecord): ConnectRecord {
    return { ...record, headers: [...record.headers, this.#header] };
  }
}
