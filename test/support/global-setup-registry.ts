import type { TestProject } from 'vitest/node';
import { RegistryServer } from './registry-server.ts';

/** The address of the project's shared registry, as the tests get it by `inject('registry')`. */
export interface SharedRegistry {
  /** What `schema.registry.url` takes. */
  readonly url: string;
  /** Without a path: what a gateway in front of it passes requests to. */
  readonly origin: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    registry: SharedRegistry;
  }
}

/** Starts one registry for the project; subjects are everybody's. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await RegistryServer.start();
  project.provide('registry', { url: server.url, origin: server.origin });
  return () => server[Symbol.asyncDispose]();
}
