import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown, type OutputChunk } from 'rolldown';
import type { TestProject } from 'vitest/node';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The program reads `../../package.json`, and finds its packages above: as `src/…` does. */
const FOLDER = path.join(ROOT, '.tidemark');
const PREFIX = 'test-program-';
const DAY_MS = 86_400_000;

/** Setups are modules of each project: one bundle is made for all of a run. */
const BUNDLE = Symbol.for('tidemark.tests.program');
interface Made {
  [BUNDLE]?: Promise<string>;
}

/**
 * The program that tests start, as JavaScript in few files: a daemon has 0.3 s of CPU less to do
 * until it runs, and tests start hundreds. It is made of the sources as they are, by each run. With
 * TIDEMARK_TEST_SOURCES=1 tests start `src/main.ts`: stacks then name lines of the sources.
 */
export async function setup(project: TestProject): Promise<void> {
  if (process.env['TIDEMARK_TEST_SOURCES'] === '1') return;
  const made = globalThis as Made;
  made[BUNDLE] ??= bundled();
  project.provide('program', await made[BUNDLE]);
}

/** In a folder that is named for its content: runs beside each other do not change each other's. */
async function bundled(): Promise<string> {
  const chunks = await programChunks();
  const hash = createHash('sha256');
  for (const { fileName, code } of chunks) hash.update(`${fileName}\0${code}\0`);
  const folder = path.join(FOLDER, `${PREFIX}${hash.digest('hex').slice(0, 16)}`);
  mkdirSync(FOLDER, { recursive: true });
  const fresh = mkdtempSync(path.join(FOLDER, PREFIX));
  for (const { fileName, code } of chunks) writeFileSync(path.join(fresh, fileName), code);
  try {
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // A run before has made the same.
  }
  const now = new Date();
  utimesSync(folder, now, now);
  removeOld();
  return path.join(folder, 'main.js');
}

async function programChunks(): Promise<OutputChunk[]> {
  const bundle = await rolldown({
    cwd: ROOT,
    // A thread is a program of its own, and looked for beside what starts it.
    input: { main: 'src/main.ts', 'sqlite-worker': 'src/sink/sql/sqlite-worker.ts' },
    platform: 'node',
    external: (id) => !/^[./]/.test(id),
  });
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  return output.filter((file) => file.type === 'chunk');
}

function removeOld(): void {
  for (const name of readdirSync(FOLDER)) {
    const old = path.join(FOLDER, name);
    const made = statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (!name.startsWith(PREFIX) || Date.now() - made < DAY_MS) continue;
    rmSync(old, { recursive: true, force: true });
  }
}
