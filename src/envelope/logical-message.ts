import keyDocument from '../../schemas/message-key.json' with { type: 'json' };
import valueDocument from '../../schemas/message-value.json' with { type: 'json' };
import { must } from '../foundation/assert.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectField, ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { MessageChange } from '../model/change-event.ts';
import type { EnvelopeOptions } from './envelope-options.ts';
import { POSTGRES_SOURCE_SCHEMA, postgresSource } from './postgres-source-block.ts';
import { TRANSACTION_SCHEMA } from './source-block.ts';

/** `io.debezium.connector.postgresql.MessageKey` */
export const MESSAGE_KEY_SCHEMA: ConnectSchema = schemaFromJson(keyDocument);

/**
 * `io.debezium.connector.postgresql.MessageValue`; the content is bytes, or a string where
 * binary.handling.mode makes one of bytea, too.
 */
export function messageValueSchema(content: 'bytes' | 'string'): ConnectSchema {
  const message: ConnectSchema = {
    type: 'struct',
    optional: false,
    name: 'io.debezium.connector.postgresql.Message',
    version: 1,
    fields: [
      { name: 'prefix', schema: { type: 'string', optional: true } },
      { name: 'content', schema: { type: content, optional: true } },
    ],
  };
  const slots: Readonly<Record<string, ConnectSchema>> = {
    source: POSTGRES_SOURCE_SCHEMA,
    transaction: TRANSACTION_SCHEMA,
    message,
  };
  const fields = valueDocument.fields.map((field): ConnectField => {
    const schema =
      '$slot' in field ? must(slots[field.$slot ?? ''], 'known slot') : schemaFromJson(field);
    return { name: field.field, schema };
  });
  const { name, optional, version } = valueDocument;
  return { type: 'struct', optional, name, version, fields };
}

/** What a message becomes, before its converter. */
export interface MessageRecord {
  readonly key: Struct;
  readonly value: Struct;
}

/** The record of a message; it belongs to no table, so schema and table are empty. */
export function messageRecord(
  change: MessageChange,
  schema: ConnectSchema,
  content: ConnectValue,
  context: {
    readonly options: EnvelopeOptions;
    readonly processedMicros: bigint;
    readonly transaction?: Struct | null;
  },
): MessageRecord {
  const { options, processedMicros, transaction = null } = context;
  const source = postgresSource(
    change,
    { catalog: options.database, schema: '', table: '' },
    options,
  );
  const messageSchema = must(schema.fields?.at(-1), 'the message is the last field').schema;
  const message: Struct = { schema: messageSchema, values: [change.prefix, content] };
  return {
    key: { schema: MESSAGE_KEY_SCHEMA, values: [change.prefix] },
    value: {
      schema,
      values: ['m', floorDiv(processedMicros, 1000n), source, transaction, message],
    },
  };
}
