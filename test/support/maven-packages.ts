import type { ServerAccount } from '../../src/demo/server-account.ts';
import { cachedFolder } from '../../src/demo/cached-folder.ts';

/** `group:artifact:version`, and what of its dependencies to leave out (`group:artifact`). */
export interface MavenDependency {
  readonly coordinates: string;
  readonly without?: readonly string[];
  /** Only this jar, nothing that it depends on. */
  readonly alone?: boolean;
}

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

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

/** A folder with what is in an archive of any form: `group:artifact:version:zip[:classifier]`. */
export function mavenUnpacked(name: string, coordinates: string): Promise<string> {
  return cachedFolder(
    name,
    `${NEEDS_MAVEN}
    # Outside of a project it leaves a folder of an odd name where it runs.
    mkdir "$1/work"; cd "$1/work"
    mvn -q -B ${PLUGIN}:unpack "-Dartifact=$2" "-DoutputDirectory=$1" "-DmarkersDirectory=$1/work"
    cd "$1"; rm -rf work`,
    [coordinates],
  );
}

/** A jar that is an archive of something else. */
export interface MavenJar {
  /** `group:artifact:version` */
  readonly coordinates: string;
  readonly sha256: string;
  /** Which of its files, as Ant names them: `**` is any folder. */
  readonly files: string;
  /** A script that runs where they are, to put them in order. */
  readonly arrange: string;
}

/** A folder with what is in a jar, which has the checksum given here, for the account to run. */
export function mavenJar(name: string, jar: MavenJar, account: ServerAccount): Promise<string> {
  return cachedFolder(
    name,
    `${NEEDS_MAVEN}
    cd "$1"
    mvn -q -B ${PLUGIN}:copy "-Dartifact=$2" "-DoutputDirectory=$1/archive"
    echo "$3 " archive/*.jar | sha256sum -c --quiet -
    mvn -q -B ${PLUGIN}:unpack "-Dartifact=$2" "-DoutputDirectory=$1" \
      "-Dmdep.unpack.includes=$4" "-DmarkersDirectory=$1/archive"
    rm -rf archive
    ${jar.arrange}`,
    [jar.coordinates, jar.sha256, jar.files],
    account,
  );
}

/** Begins a script that runs Maven. */
export const NEEDS_MAVEN =
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
