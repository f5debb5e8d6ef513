import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const INSTALLED = '/usr/lib/jvm';

/** The oldest Java on this machine that is new enough: what asks least of a test's figures. */
export function findJava(minimum: number): string {
  const installed = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const homes = [
    process.env['JAVA_HOME'] ?? '',
    ...installed.map((name) => path.join(INSTALLED, name)),
  ];
  const found = homes
    .filter((home) => home !== '' && existsSync(path.join(home, 'bin/java')))
    .map((home) => ({ home, major: majorOf(home) }))
    .filter(({ major }) => major >= minimum)
    .toSorted((a, b) => a.major - b.major);
  const [best] = found;
  if (best === undefined) {
    throw new Error(
      `the tests need Java ${minimum} or newer and found none (JAVA_HOME, ${INSTALLED}): ` +
        `apt-get install openjdk-17-jre-headless, or set JAVA_HOME`,
    );
  }
  return path.join(best.home, 'bin/java');
}

function majorOf(home: string): number {
  const release = path.join(home, 'release');
  if (!existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1] ?? 0);
}
