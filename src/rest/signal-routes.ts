import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsync } from 'fastify';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SourceSignal } from '../model/source-signal.ts';

/** Who takes signals: the source task. */
export interface SignalReceiver {
  /** Throws NOT_RUNNING when the source does not run. */
  signal(signal: SourceSignal): void;
}

/**
 * `POST /signals` with `{"type": …, "data": {…}, "id": …}`, Debezium's signals. Only as
 * `application/json`: a form of some web page in the operator's browser cannot send that.
 */
export function signalRoutes(receiver: SignalReceiver): FastifyPluginAsync {
  return async (app) => {
    app.post('/signals', (request, reply) => {
      try {
        if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
          throw new TidemarkError('CONFIG_INVALID', 'a signal is sent as application/json');
        }
        const signal = readSignal(request.body);
        receiver.signal(signal);
        return reply.code(202).send({ id: signal.id });
      } catch (thrown) {
        const error = toTidemarkError(thrown);
        return reply.code(error.httpStatus).send(error.toJSON());
      }
    });
    await Promise.resolve();
  };
}

function readSignal(body: unknown): SourceSignal {
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { id = randomUUID(), type, data } = given;
  if (typeof type !== 'string' || typeof id !== 'string') {
    throw new TidemarkError('CONFIG_INVALID', 'a signal has a type, and an id of text');
  }
  if (data === undefined || data === null) return { id, type, data: null };
  return { id, type, data: typeof data === 'string' ? data : JSON.stringify(data) };
}
