import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { SEARCH_SERIES, searchProgram } from './search-packages.ts';
import { SearchServer, type SearchAddress } from './search-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    search: { readonly series: SearchAddress['series']; readonly door: string };
  }
}

/** Of all projects, whose setups are modules of their own: ends the server that runs. */
const RUNNING = Symbol.for('tidemark.tests.search');
interface Running {
  [RUNNING]?: (() => Promise<void>) | undefined;
}

/**
 * Downloads the server, once on a machine, and opens a door to it. Vitest runs all setups before
 * the first test: a server of 340 MB for each project would idle there for most of the run. So it
 * begins when the first file of its project asks at the door, and the one of the project before it
 * ends: projects run one after the other.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const series = SEARCH_SERIES.find((name) => name === project.name);
  if (series === undefined) throw new Error(`the project ${project.name} names no search server`);
  await searchProgram(series);
  const global = globalThis as Running;
  let server: Promise<SearchServer> | undefined;
  const end = async (): Promise<void> => {
    const ending = server;
    server = undefined;
    if (global[RUNNING] === end) global[RUNNING] = undefined;
    await (await ending?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };
  const begin = async (): Promise<SearchServer> => {
    if (server === undefined) {
      const before = global[RUNNING];
      global[RUNNING] = end;
      server = Promise.resolve(before?.()).then(() => SearchServer.start(series));
    }
    return server;
  };
  const door = createServer((_request, response) => {
    begin().then(
      ({ version, url, password }) =>
        response.end(JSON.stringify({ series, version, url, password })),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;
  project.provide('search', { series, door: `http://127.0.0.1:${port}/` });
  return async () => {
    door.close();
    door.closeAllConnections();
    await end();
  };
}
