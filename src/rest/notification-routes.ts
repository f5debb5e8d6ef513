import type { FastifyPluginAsync } from 'fastify';
import type { Notification } from '../model/source-notification.ts';

/** Who tells of itself: the pipeline. */
export interface NotificationSource {
  /** The newest last. */
  notifications(): readonly Notification[];
}

/**
 * `GET /notifications`: what the source told lately, the newest last, in the form of Debezium's
 * records. It stands for the channel `jmx`.
 */
export function notificationRoutes(source: NotificationSource): FastifyPluginAsync {
  return async (app) => {
    app.get('/notifications', (_request, reply) =>
      reply.send(
        source.notifications().map(({ id, type, aggregateType, additionalData, timestampMs }) => ({
          id,
          type,
          aggregate_type: aggregateType,
          additional_data: additionalData,
          timestamp: timestampMs,
        })),
      ),
    );
    await Promise.resolve();
  };
}
