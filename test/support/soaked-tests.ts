import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Options of every soak that runs tests; beside them are those of its own. */
export const SOAK_OPTIONS = {
  kills: { type: 'string', default: '100' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
} as const;

/** Which tests, on which projects of vitest, and how hard. */
export interface SoakedTests {
  readonly projects: readonly string[];
  readonly tests: readonly string[];
  readonly kills: string;
  readonly seed: string;
  /** More variables of the environment that those tests read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs tests as they are run for hours; this process then ends as they did. */
export async function soakTests(soaked: SoakedTests): Promise<void> {
  const { tests, kills, seed, environment } = soaked;
  const root = path.resolve(import.meta.dirname, '../..');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const projects = soaked.projects.flatMap((name) => ['--project', name]);
  process.stderr.write(`seed ${seed}\n`);
  const child = spawn(process.execPath, [vitest, 'run', ...projects, ...tests], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TIDEMARK_TEST_ALL: '1',
      TIDEMARK_TEST_KILLS: kills,
      TIDEMARK_TEST_SEED: seed,
      ...environment,
    },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  process.exitCode = code ?? 1;
}
