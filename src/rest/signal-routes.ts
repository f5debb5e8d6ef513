import type { FastifyPluginAsync } from 'fastify';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import { sourceSignalOf } from '../model/source-signal.ts';

/** Who takes signals: the source task. */
export interface SignalReceiver {
  /** Throws NOT_RUNNING when the source does not run. */
  signal(signal: SourceSignal): void;
  /** Into the topic of signals; throws CONFIG_INVALID when that channel is off. */
  sendSignal(signal: SourceSignal): Promise<void>;
}

/**
 * `POST /signals` with `{"type": …, "data": {…}, "id": …}`, Debezium's signals. With `"channel":
 * "kafka"` it goes into the topic of signals, and is durable when the answer comes. Only as
 * `application/json`: a form of some web page in the operator's browser cannot send that.
 */
export function signalRoutes(receiver: SignalReceiver): FastifyPluginAsync {
  return async (app) => {
    app.post('/signals', async (request, reply) => {
      try {
        if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
          throw new TidemarkError('CONFIG_INVALID', 'a signal is sent as application/json');
        }
        const signal = sourceSignalOf(request.body);
        if (signal === null) {
          throw new TidemarkError('CONFIG_INVALID', 'a signal has a type, and an id of text');
        }
        if (!isObjectText(signal.data)) {
          throw new TidemarkError('CONFIG_INVALID', 'the data of a signal is a JSON object', {
            cure: `For example: tidemark signal <file> log --data '{"message": "hello"}'`,
          });
        }
        if (wantsTopic(request.body)) await receiver.sendSignal(signal);
        else receiver.signal(signal);
        return await reply.code(202).send({ id: signal.id });
      } catch (thrown) {
        const error = toTidemarkError(thrown);
        return reply.code(error.httpStatus).send(error.toJSON());
      }
    });
    await Promise.resolve();
  };
}

/** Whoever sends it here is told at once; in a table or a file only the log can tell. */
function isObjectText(text: string | null): boolean {
  if (text === null) return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Throws for a channel that cannot be written to. */
function wantsTopic(body: unknown): boolean {
  const { channel } = body as { readonly channel?: unknown };
  if (channel === undefined || channel === null) return false;
  if (channel === 'kafka') return true;
  throw new TidemarkError('CONFIG_INVALID', 'the channel of a signal is kafka, or none is given');
}
