import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';

/** Who lets tables wait before a change of their shape. */
export interface HoldDesk {
  views(): readonly object[];
  /** By id or table. Throws HOLD_UNKNOWN. */
  answer(what: string, answer: 'approve' | 'reject'): Promise<object>;
}

/**
 * `GET /schema/held` (tables that wait before a change, or go on in an old shape),
 * `POST /schema/held/:id/approve` and `…/reject`; the table's name will do for the id. Changes come
 * as `application/json` alone, so that no page of another site can make them.
 */
export function schemaRoutes(desk: HoldDesk | null): FastifyPluginAsync {
  return async (app) => {
    if (desk === null) return;
    app.get('/schema/held', (_request, reply) => reply.send(desk.views()));
    for (const answer of ['approve', 'reject'] as const) {
      app.post(`/schema/held/:id/${answer}`, async (request, reply) =>
        answered(desk, request, reply, answer),
      );
    }
    await Promise.resolve();
  };
}

async function answered(
  desk: HoldDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: 'approve' | 'reject',
): Promise<FastifyReply> {
  try {
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      throw new TidemarkError('CONFIG_INVALID', 'it is sent as application/json');
    }
    const { id } = request.params as { readonly id: string };
    return await reply.send(await desk.answer(id, answer));
  } catch (thrown) {
    const error = toTidemarkError(thrown);
    return reply.code(error.httpStatus).send(error.toJSON());
  }
}
