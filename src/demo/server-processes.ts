import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * The processes that work in a PostgreSQL data folder: postmaster and children. The server changes
 * into its data folder, which tells more than `postmaster.pid`: after a kill -9 of the postmaster
 * its children live on for a moment, and a new server must not start before they are gone.
 */
export function processesIn(dataDir: string): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    if (workingFolder(name) === dataDir) pids.push(Number(name));
  }
  return pids;
}

function workingFolder(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Names a process for good: a pid is given out again, a pid with its start time is not. */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, which may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return `${pid} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** Sends a signal; a process that is already gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
