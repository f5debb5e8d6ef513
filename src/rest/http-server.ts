import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';

import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { METRICS_CONTENT_TYPE, type MetricTags, renderMetrics } from '../runtime/metrics.ts';
import { healthReasons, type PipelineStatus } from '../runtime/pipeline-status.ts';
import type { TableView } from '../runtime/table-view.ts';

/** Where the server listens and who may ask. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** When set, every request but /health must carry `Authorization: Bearer <token>`. */
  readonly token: string | undefined;
}

/** What the server shows; the pipeline has this shape. */
export interface StatusSource {
  status(): PipelineStatus;
  readonly metricTags?: MetricTags;
  tables?(): readonly TableView[];
}

/** A listening server; disposing it closes open connections too. */
export interface HttpServer extends AsyncDisposable {
  /** `http://host:port` as bound. */
  readonly url: string;
}

/**
 * The daemon's HTTP port: /health, /metrics, /status and the routes of the plugins (the registry).
 * Throws HTTP_LISTEN when the address cannot be bound.
 */
export async function startHttpServer(
  options: HttpServerOptions,
  source: StatusSource,
  plugins: readonly FastifyPluginAsync[],
): Promise<HttpServer> {
  const app = Fastify({ logger: false, bodyLimit: 4 * 1024 * 1024, forceCloseConnections: true });
  requireToken(app, options.token);
  statusRoutes(app, source);
  for (const plugin of plugins) await app.register(plugin);
  try {
    const url = await app.listen({ host: options.host, port: options.port });
    return { url, [Symbol.asyncDispose]: async () => app.close() };
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : (code ?? String(error));
    throw new TidemarkError(
      'HTTP_LISTEN',
      `cannot listen on ${options.host}:${options.port}: ${reason}`,
      { cause: error },
    );
  }
}

function requireToken(app: FastifyInstance, token: string | undefined): void {
  if (token === undefined) return;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url === '/health' || request.headers.authorization === `Bearer ${token}`) {
      done();
      return;
    }
    void reply.code(401).send({ error_code: 401, message: 'a bearer token is required' });
  });
}

function statusRoutes(app: FastifyInstance, source: StatusSource): void {
  app.get('/health', (_request, reply) => {
    const status = source.status();
    const body = {
      healthy: status.healthy,
      source: status.source.state,
      sinks: Object.fromEntries(status.sinks.map((sink) => [sink.name, sink.state])),
      reasons: healthReasons(status),
    };
    return reply.code(status.healthy ? 200 : 503).send(body);
  });
  app.get('/status', (_request, reply) => reply.send(source.status()));
  app.get('/status/tables', (_request, reply) => reply.send(source.tables?.() ?? []));
  app.get('/metrics', async (_request, reply) => {
    try {
      const text = await renderMetrics(source.status(), source.metricTags);
      return await reply.type(METRICS_CONTENT_TYPE).send(text);
    } catch (thrown) {
      const error = toTidemarkError(thrown);
      return reply.code(error.httpStatus).send(error.toJSON());
    }
  });
}
