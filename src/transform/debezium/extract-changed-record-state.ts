import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldValue, structIn } from '../record-transform.ts';
import { sameValue } from '../same-value.ts';

/**
 * Debezium's ExtractChangedRecordState: the names of changed and of unchanged columns as headers,
 * which are empty for events that lack one of the images.
 */
export class ExtractChangedRecordState implements RecordTransform {
  readonly addsHeadersInPlace = 'kept';
  readonly #changed: string | undefined;
  readonly #unchanged: string | undefined;

  constructor(options: ResolvedOptions) {
    this.#changed = options.optionalString('header.changed.name');
    this.#unchanged = options.optionalString('header.unchanged.name');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const before = structIn(envelope, 'before');
    const after = structIn(envelope, 'after');
    const names: { readonly changed: string[]; readonly unchanged: string[] } = {
      changed: [],
      unchanged: [],
    };
    if (before !== null && after !== null) {
      for (const [index, { name }] of (after.schema.fields ?? []).entries()) {
        const isSame = sameValue(after.values[index] ?? null, fieldValue(before, name));
        names[isSame ? 'unchanged' : 'changed'].push(name);
      }
    }
    const headers = [
      ...record.headers,
      ...listHeader(this.#changed, names.changed),
      ...listHeader(this.#unchanged, names.unchanged),
    ];
    return { ...record, headers };
  }
}

const TEXT: ConnectSchema = { type: 'string', optional: true };

function listHeader(name: string | undefined, value: readonly string[]): readonly ConnectHeader[] {
  if (name === undefined) return [];
  return [{ name, schema: { type: 'array', optional: true, name, valueSchema: TEXT }, value }];
}
