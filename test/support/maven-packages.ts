import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** `group:artifact:version`, and what of its dependencies to leave out (`group:artifact`). */
export interface MavenDependency {
  readonly coordinates: string;
  readonly without?: readonly string[];
  /** Only this jar, nothing that it depends on. */
  readonly alone?: boolean;
}

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
const FIFTEEN_MINUTES_MS = 900_000;

/** What tests download and keep from one run to the next. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = path.join(path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'));
  return path.join(folder, 'tidemark', 'test-servers');
}

/**
 * Fills a folder of the cache once. The script gets an empty folder as `$1` and what follows as
 * `$2` …; the folder takes its name only when the script succeeded. Processes that want any of them
 * at the same moment wait for one another: Maven's own repository does not like two at once.
 */
export async function cachedFolder(
  name: string,
  script: string,
  parameters: readonly string[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([script, parameters]));
  const folder = path.join(cacheFolder(), `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const whole = `set -eu
    folder=$1; shift
    [ ! -e "$folder" ] || exit 0
    new=$(mktemp -d "$folder.XXXXXX"); trap 'rm -rf "$new"' EXIT
    set -- "$new" "$@"
    ( ${script}
    )
    chmod 755 "$new"; mv -T "$new" "$folder"; trap - EXIT`;
  const lock = path.join(cacheFolder(), 'lock');
  const run = ['-w', '900', lock, 'sh', '-c', whole, 'sh', folder, ...parameters];
  try {
    await promisify(execFile)('flock', run, {
      timeout: FIFTEEN_MINUTES_MS,
      maxBuffer: 64 * 2 ** 20,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`could not install ${name}:\n${stdout.slice(-3000)}${stderr.slice(-3000)}`, {
      cause: error,
    });
  }
  return folder;
}

/** A folder with the jars and, unless said otherwise, all that they need. */
export function mavenLibraries(
  name: string,
  dependencies: readonly MavenDependency[],
): Promise<string> {
  const pom =
    '<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId>' +
    '<artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>' +
    `<dependencies>${dependencies.map(dependencyElement).join('')}</dependencies></project>`;
  return cachedFolder(
    name,
    `${NEEDS_MAVEN}
    printf '%s' "$2" > "$1/pom.xml"
    mvn -q -B -f "$1/pom.xml" ${PLUGIN}:copy-dependencies -DincludeScope=runtime \
      "-DoutputDirectory=$1"
    rm -f "$1/pom.xml"`,
    [pom],
  );
}

/** A folder with what is in an archive `group:artifact:version:tar.gz[:classifier]`. */
export function mavenArchive(
  name: string,
  coordinates: string,
  options: { readonly stripComponents: number },
): Promise<string> {
  return cachedFolder(
    name,
    `${NEEDS_MAVEN}
    mvn -q -B ${PLUGIN}:copy "-Dartifact=$2" "-DoutputDirectory=$1/archive"
    tar xzf "$1"/archive/*.tar.gz -C "$1" --strip-components="$3"
    rm -rf "$1/archive"`,
    [coordinates, String(options.stripComponents)],
  );
}

const NEEDS_MAVEN =
  'command -v mvn >/dev/null || ' +
  '{ echo "Maven is needed for the servers of the tests: apt-get install maven" >&2; exit 1; }';

function dependencyElement({ coordinates, without = [], alone }: MavenDependency): string {
  const [group, artifact, version] = coordinates.split(':');
  const exclusions = (alone === true ? ['*:*'] : without).map((excluded) => {
    const [excludedGroup, excludedArtifact] = excluded.split(':');
    return (
      `<exclusion><groupId>${excludedGroup}</groupId>` +
      `<artifactId>${excludedArtifact}</artifactId></exclusion>`
    );
  });
  return (
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${version}</version><exclusions>${exclusions.join('')}</exclusions></dependency>`
  );
}
