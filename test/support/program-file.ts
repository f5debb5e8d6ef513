import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    program?: string;
  }
}

/** The program as a clone has it. */
const SOURCE = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What tests start: the bundle where the project has made one, else the sources. */
export function programFile(): string {
  return inject('program') ?? SOURCE;
}
