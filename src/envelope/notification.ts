import keyDocument from '../../schemas/notification-key.json' with { type: 'json' };
import valueDocument from '../../schemas/notification-value.json' with { type: 'json' };
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { Notification } from '../model/source-notification.ts';
import { inHashOrder } from './transaction-metadata.ts';

/** `io.debezium.connector.common.NotificationKey` */
export const NOTIFICATION_KEY_SCHEMA: ConnectSchema = schemaFromJson(keyDocument);
/** `io.debezium.connector.common.Notification` */
export const NOTIFICATION_VALUE_SCHEMA: ConnectSchema = schemaFromJson(valueDocument);

const COLLECTIONS = 'data_collections';

/** The record of a notification in the topic of the channel `sink`. */
export function notificationRecord(notification: Notification): {
  readonly key: Struct;
  readonly value: Struct;
} {
  const { id, type, aggregateType, additionalData, timestampMs } = notification;
  const data = new Map(inOrder(additionalData).map((name) => [name, additionalData[name] ?? '']));
  return {
    key: { schema: NOTIFICATION_KEY_SCHEMA, values: [id] },
    value: {
      schema: NOTIFICATION_VALUE_SCHEMA,
      values: [id, type, aggregateType, data, BigInt(timestampMs)],
    },
  };
}

/** As recorded: that of a HashMap of eight buckets, `data_collections` put in last. */
function inOrder(data: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(data).filter((name) => name !== COLLECTIONS);
  return inHashOrder(COLLECTIONS in data ? [...names, COLLECTIONS] : names, 8);
}
