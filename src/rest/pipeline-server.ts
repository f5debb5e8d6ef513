import { TidemarkError } from '../foundation/errors.ts';
import type { ComposedPipeline } from '../runtime/compose-pipeline.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import { alertRoutes } from './alert-routes.ts';
import type { HttpServer, HttpServerOptions } from './http-server.ts';
import { startHttpServer } from './http-server.ts';
import { notificationRoutes } from './notification-routes.ts';
import { registryRoutes } from './registry-routes.ts';
import { schemaRoutes } from './schema-routes.ts';
import { signalRoutes } from './signal-routes.ts';
import { verifyRoutes } from './verify-routes.ts';

/** The port of a daemon, with all that can be asked of it. Throws HTTP_LISTEN. */
export async function servePipeline(
  options: HttpServerOptions,
  { pipeline, registry, verifyDesk }: ComposedPipeline,
): Promise<HttpServer> {
  return startHttpServer(options, pipeline, [
    registryRoutes(registry),
    signalRoutes(pipeline),
    notificationRoutes(pipeline),
    alertRoutes(pipeline.alerts),
    schemaRoutes(pipeline.source.holds ?? null),
    verifyRoutes(verifyDesk),
  ]);
}

/** The port of a start that waits: how it is, and nothing else. Throws HTTP_LISTEN. */
export async function serveWaiting(
  options: HttpServerOptions,
  status: () => PipelineStatus | null,
): Promise<HttpServer> {
  const source = {
    status: () => {
      const now = status();
      if (now === null) throw new TidemarkError('NOT_RUNNING', 'the daemon is about to start');
      return now;
    },
  };
  return startHttpServer(options, source, []);
}
