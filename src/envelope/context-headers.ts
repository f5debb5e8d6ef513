/**
 * Debezium's context headers (extended.headers.enabled): they stand on every change record after
 * its own headers, not on heartbeats.
 */
export function contextHeaders(identity: {
  /** topic.prefix */
  readonly logicalName: string;
  /** `postgresql` */
  readonly connector: string;
  readonly taskId: string;
  /** A UUID of this run of the task. */
  readonly runId: string;
}): readonly { readonly name: string; readonly value: string }[] {
  return [
    { name: '__debezium.context.connectorLogicalName', value: identity.logicalName },
    { name: '__debezium.context.taskId', value: identity.taskId },
    { name: '__debezium.context.connectorName', value: identity.connector },
    { name: '__debezium.context.runId', value: identity.runId },
  ];
}
