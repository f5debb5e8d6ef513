import keyDocument from '../../schemas/heartbeat-key.json' with { type: 'json' };
import valueDocument from '../../schemas/heartbeat-value.json' with { type: 'json' };
import { floorDiv } from '../foundation/floor-division.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import { heartbeatTopic } from './topic-naming.ts';

/** `io.debezium.connector.common.ServerNameKey` */
export const HEARTBEAT_KEY_SCHEMA: ConnectSchema = schemaFromJson(keyDocument);
/** `io.debezium.connector.common.Heartbeat` */
export const HEARTBEAT_VALUE_SCHEMA: ConnectSchema = schemaFromJson(valueDocument);

/** The record that moves the source offset on while no captured table changes. */
export function heartbeatRecord(
  topicPrefix: string,
  nowMicros: bigint,
): { readonly topic: string; readonly key: Struct; readonly value: Struct } {
  return {
    topic: heartbeatTopic(topicPrefix),
    key: { schema: HEARTBEAT_KEY_SCHEMA, values: [topicPrefix] },
    value: { schema: HEARTBEAT_VALUE_SCHEMA, values: [floorDiv(nowMicros, 1000n)] },
  };
}
