import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectData, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { requireStruct } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { fieldValue, NOTHING, structIn } from '../record-transform.ts';
import { schemaBasics } from '../schema-shape.ts';
import type { JsonExpansion } from './expand-json.ts';
import { expandJson } from './expand-json.ts';
import { SameSchemas } from './same-schemas.ts';

const MESSAGE_SCHEMA = 'io.debezium.connector.postgresql.MessageValue';

/**
 * Debezium's DecodeLogicalDecodingMessageContent: JSON in a logical message becomes the row of an
 * insert, so that the EventRouter takes messages for an outbox.
 */
export class DecodeMessageContent implements RecordTransform {
  readonly #expansion: JsonExpansion;
  readonly #schemas = new SameSchemas();

  constructor(options: ResolvedOptions) {
    const includesNulls = options.boolean('fields.null.include');
    this.#expansion = {
      nullFields: includesNulls ? 'optional_bytes' : 'ignore',
      emptyArrays: 'ignore',
      name: null,
      adjust: (name) => name,
    };
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (record.value.schema?.name !== MESSAGE_SCHEMA) return record;
    const struct = requireStruct(record.value, 'DecodeLogicalDecodingMessageContent');
    const content = this.#content(struct);
    const fields = struct.schema.fields ?? [];
    const kept = [...fields.keys()].filter((i) => fields[i]?.name !== 'message');
    const made: ConnectSchema = {
      ...schemaBasics(struct.schema),
      name: `${struct.schema.name}.Envelope`,
      fields: [
        ...kept.map((i) => fields[i]).filter((field) => field !== undefined),
        { name: 'after', schema: content.schema ?? ROW },
      ],
    };
    const { version: _version, ...unversioned } = made;
    const schema = this.#schemas.same(unversioned);
    const values = kept.map((i): ConnectValue =>
      fields[i]?.name === 'op' ? 'c' : (struct.values[i] ?? null),
    );
    const value = { schema, values: [...values, content.value] };
    return { ...record, key: NOTHING, value: { schema, value } };
  }

  #content(struct: Struct): ConnectData {
    const message = structIn(struct, 'message');
    const bytes = message === null ? null : fieldValue(message, 'content');
    if (!Buffer.isBuffer(bytes)) {
      throw new TidemarkError('TRANSFORM', 'the content of a logical message is no binary value', {
        cure: 'Set binary.handling.mode to bytes.',
      });
    }
    const expanded = expandJson(bytes.toString(), this.#expansion);
    if (expanded !== null) return expanded;
    throw new TidemarkError('TRANSFORM', 'the content of a logical message is no JSON object', {
      cure: 'Let the transform see only such messages, with a predicate or message.prefix.*.',
    });
  }
}

const ROW: ConnectSchema = { type: 'struct', optional: true, fields: [] };
