import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';

/** The operating system's user that a server runs as. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True when it is this process's own user, so that nothing has to be switched or handed over. */
  readonly own: boolean;
}

/** PostgreSQL needs a name in the user database, whatever it is; these are the harmless ones. */
const PREFERRED = ['postgres', 'nobody', 'daemon'];

/**
 * Chooses who runs the server: ourselves, unless we are root. PostgreSQL refuses uid 0, and a user
 * is never created for it: any existing one without privileges will do.
 */
export function chooseServerAccount(
  uid: number = process.getuid?.() ?? -1,
  gid: number = process.getgid?.() ?? -1,
  passwd: () => string = () => readFileSync('/etc/passwd', 'utf8'),
): ServerAccount {
  if (uid !== 0) return { name: '', uid, gid, own: true };
  const accounts = parsePasswd(passwd()).filter((account) => account.uid !== 0);
  for (const name of PREFERRED) {
    const account = accounts.find((candidate) => candidate.name === name);
    if (account !== undefined) return account;
  }
  const any = accounts[0];
  if (any !== undefined) return any;
  throw new TidemarkError(
    'DEMO_SERVER',
    'PostgreSQL refuses to run as root, and /etc/passwd has no other user it could run as',
    { cure: 'Run the command as an ordinary user.' },
  );
}

function parsePasswd(text: string): ServerAccount[] {
  const accounts: ServerAccount[] = [];
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || uid === undefined || gid === undefined) continue;
    accounts.push({ name, uid: Number(uid), gid: Number(gid), own: false });
  }
  return accounts.filter((account) => Number.isInteger(account.uid) && account.name !== '');
}

/** True when the account may pass every folder above `target` (which itself need not exist yet). */
export function canReach(account: ServerAccount, target: string): boolean {
  const existing = nearestExisting(path.resolve(target));
  for (let folder = existing; ; folder = path.dirname(folder)) {
    if (!mayEnter(account, folder)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

function nearestExisting(target: string): string {
  for (let folder = target; ; folder = path.dirname(folder)) {
    try {
      // The real path, because a link's own folder says nothing about the way to its target.
      return realpathSync(folder);
    } catch {
      if (folder === path.dirname(folder)) return folder;
    }
  }
}

function mayEnter(account: ServerAccount, folder: string): boolean {
  if (account.own) {
    try {
      accessSync(folder, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }
  const { mode, uid, gid } = statSync(folder);
  // The kernel takes the first class that matches and looks no further.
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
