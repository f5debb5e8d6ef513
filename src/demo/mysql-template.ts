import path from 'node:path';
import type { ServerAccount } from './server-account.ts';
import { cachedFolder } from './cached-folder.ts';
import type { ServerPrograms } from './mysql-programs.ts';
import { serverArguments, storageSettings } from './mysql-settings.ts';

/**
 * A data folder as a new server has it, without an identity of its own: each server gets a copy. To
 * make one takes up to ten seconds.
 */
export async function dataTemplate(
  programs: ServerPrograms,
  account: ServerAccount,
): Promise<string> {
  const { series, flavor, program, share, data } = programs;
  const command = [program, ...serverArguments(programs, storageSettings(programs))];
  const script = flavor === 'mariadb' ? MARIADB : data === undefined ? MYSQL : PREPARED;
  const folder = await cachedFolder(
    `${flavor}-${series}-data`,
    `${BEFORE}${script}${AFTER}`,
    [
      account.own ? '' : `${account.uid}:${account.gid}`,
      flavor === 'mariadb' ? share : (data ?? ''),
      ...command,
    ],
    account,
  );
  return path.join(folder, 'data');
}

// As the account, in a folder of its own; nothing is said unless it fails.
const BEFORE = `
  cd "$1"; owner=$2; given=$3; shift 3
  mkdir data; set -- "$@" "--datadir=$PWD/data"
  as_owner=
  if [ -n "$owner" ]; then
    chown "$owner" data
    as_owner="setpriv --reuid=\${owner%:*} --regid=\${owner#*:} --clear-groups"
  fi
`;

const MYSQL = `
  $as_owner "$@" --initialize-insecure --skip-log-bin
`;

const PREPARED = `
  cp -r "$given/." data/
`;

// What its own script does, which needs programs that are not there.
const MARIADB = `
  {
    echo "CREATE DATABASE mysql;"
    echo "USE mysql;"
    echo "SET @auth_root_socket = NULL, @skip_auth_anonymous = 1;"
    for name in system_tables performance_tables system_tables_data; do
      cat "$given"/m*_$name.sql
    done
    cat "$given"/m*_sys_schema.sql
  } | $as_owner "$@" --bootstrap --skip-log-bin --enforce-storage-engine= --max-allowed-packet=8M
`;

// The identity and its keys: of two with the same one, neither can replicate from the other.
const AFTER = `
  rm -f data/auto.cnf data/*.pem data/server.* data/*.err
  [ -z "$owner" ] || chown -R "$owner" data
`;
