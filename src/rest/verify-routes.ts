import { PassThrough } from 'node:stream';
import type { FastifyPluginAsync } from 'fastify';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';

/** Who compares source and targets for others. */
export interface Verifier {
  /**
   * What is asked for; what it returns begins it, and has to be called. Throws CONFIG_INVALID,
   * VERIFY_BUSY.
   */
  begin(body: unknown): (tell: (line: object) => void, gone: AbortSignal) => Promise<void>;
}

/**
 * `POST /verify`: what `tidemark verify` does, by the daemon itself. The answer comes line by line,
 * JSON each: `progress`, `warning`, and `tables` or `errors` at the end. Whoever closes the
 * connection ends it. Only as `application/json`: a page of another site cannot send that.
 */
export function verifyRoutes(verifier: Verifier): FastifyPluginAsync {
  return async (app) => {
    app.post('/verify', async (request, reply) => {
      try {
        if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
          throw new TidemarkError('CONFIG_INVALID', 'what to verify is sent as application/json');
        }
        const lines = new PassThrough();
        const run = verifier.begin(request.body);
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        lines.once('error', () => gone.abort());
        const tell = (line: object): void => {
          // Of a reader that is slower than its progress the last lines count.
          const isLate = lines.writableNeedDrain && !('tables' in line || 'errors' in line);
          if (!lines.writable || isLate) return;
          lines.write(`${JSON.stringify(line)}\n`);
        };
        void run(tell, gone.signal).finally(() => lines.end());
        return await reply.type('application/x-ndjson').send(lines);
      } catch (thrown) {
        const error = toTidemarkError(thrown);
        return reply.code(error.httpStatus).send(error.toJSON());
      }
    });
    await Promise.resolve();
  };
}
