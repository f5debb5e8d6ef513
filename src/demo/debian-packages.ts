import path from 'node:path';
import type { ServerAccount } from './server-account.ts';
import { cachedFolder } from './cached-folder.ts';

/** Programs of some Debian with all the libraries that they need, the C library too. */
export interface DebianRoot {
  readonly folder: string;
  /** What a command begins with: it runs a program of the folder, or of any other place. */
  readonly loader: (moreLibraries?: readonly string[]) => readonly string[];
}

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/**
 * Packages of any suite of Debian, unpacked and not installed: the machine is left as it is, may
 * itself be another Debian, and needs no rights for it. apt checks signatures and checksums. What
 * only the scripts of the packages want, which are never run, is left out.
 */
export async function debianPackages(
  name: string,
  suite: string,
  packages: readonly string[],
  account: ServerAccount,
): Promise<DebianRoot> {
  const folder = await cachedFolder(name, SCRIPT, [suite, ...packages], account);
  const libraries = path.join(folder, LIBRARIES);
  return {
    folder,
    loader: (more = []) => [
      path.join(libraries, 'ld-linux-x86-64.so.2'),
      '--library-path',
      [...more, libraries].join(':'),
    ],
  };
}

// The mirror is the machine's own, the settings (a proxy, say) too; lists and archives are not.
const SCRIPT = `
  command -v apt-get >/dev/null || { echo "only Debian has apt-get" >&2; exit 1; }
  cd "$1"; suite=$2; shift 2
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p apt/lists/partial apt/archives/partial debs
  : > apt/status
  echo "deb [signed-by=$keys] \${mirror:-http://deb.debian.org/debian} $suite main" > apt/sources
  cat > apt/conf <<END
Dir::State::lists "$PWD/apt/lists";
Dir::State::status "$PWD/apt/status";
Dir::Cache "$PWD/apt";
Dir::Etc::sourcelist "$PWD/apt/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
END
  export APT_CONFIG=$PWD/apt/conf
  apt-get update -qq
  apt-get install -qq -y --print-uris "$@" > wanted ||
    { echo "Debian $suite has no $*" >&2; exit 1; }
  names=$(awk '{ sub(/_.*/, "", $2); print $2 }' wanted | grep -v perl)
  ( cd debs; apt-get download -qq $names )
  for package in debs/*.deb; do dpkg-deb -x "$package" .; done
  # Before Debian 13 some libraries were in /lib.
  if [ -d lib ]; then cp -a lib/. usr/lib/; rm -rf lib; fi
  rm -rf apt debs wanted usr/share/doc usr/share/man usr/share/locale`;
