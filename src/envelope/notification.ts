import keyDocument from '../../schemas/notification-key.json' with { type: 'json' };
import valueDocument from '../../schemas/notification-value.json' with { type: 'json' };
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { Notification } from '../model/source-notification.ts';

/** `io.debezium.connector.common.NotificationKey` */
export const NOTIFICATION_KEY_SCHEMA: ConnectSchema = schemaFromJson(keyDocument);
/** `io.debezium.connector.common.Notification` */
export const NOTIFICATION_VALUE_SCHEMA: ConnectSchema = schemaFromJson(valueDocument);

/** The record of a notification in the topic of the channel `sink`. */
export function notificationRecord(notification: Notification): {
  readonly key: Struct;
  readonly value: Struct;
} {
  const { id, type, aggregateType, additionalData, timestampMs } = notification;
  const data = new Map(Object.entries(additionalData));
  return {
    key: { schema: NOTIFICATION_KEY_SCHEMA, values: [id] },
    value: {
      schema: NOTIFICATION_VALUE_SCHEMA,
      values: [id, type, aggregateType, data, BigInt(timestampMs)],
    },
  };
}
