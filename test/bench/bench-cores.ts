import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * `own`: the servers of a benchmark have cores to themselves, and what is measured has the others;
 * the figure is what a client can do that its servers do not hold up. `shared`: all have all cores,
 * and who needs less of them leaves more to the server; the figure is that of a machine for both.
 */
export type CoresChoice = 'own' | 'shared';

/** Who runs where; the lists are as `taskset` takes them. */
export interface CoreLists {
  readonly servers: string;
  readonly client: string;
}

/** Half of the cores for what is measured, the others for servers; null: there is but one. */
export function splitCores(allowed: readonly number[]): CoreLists | null {
  if (allowed.length < 2) return null;
  const servers = Math.ceil(allowed.length / 2);
  return {
    servers: allowed.slice(0, servers).join(','),
    client: allowed.slice(servers).join(','),
  };
}

/** `0-2,5` as the kernel prints it → 0, 1, 2, 5. */
export function parseCores(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Which cores the processes of a benchmark run on. This process is where servers are, and so is
 * what it starts, for a child runs where its parent does; only within `asClient` it is elsewhere.
 */
export class BenchCores {
  readonly #lists: CoreLists | null;
  readonly #servers: number[] = [];

  private constructor(lists: CoreLists | null) {
    this.#lists = lists;
    if (lists !== null) moveTo(process.pid, lists.servers);
  }

  /** Own cores by default where the machine has two and `taskset` (util-linux), else shared. */
  static take(chosen: string | undefined): BenchCores {
    if (chosen !== undefined && chosen !== 'own' && chosen !== 'shared') {
      throw new Error(`--cores is own or shared, not ${chosen}`);
    }
    const lists = chosen === 'shared' ? null : availableLists();
    if (chosen === 'own' && lists === null) {
      throw new Error('--cores own needs Linux, taskset (util-linux) and two cores');
    }
    return new BenchCores(lists);
  }

  get choice(): CoresChoice {
    return this.#lists === null ? 'shared' : 'own';
  }

  /** For reports: who had which cores. */
  get text(): string {
    if (this.#lists === null) return 'cores shared by all';
    const { servers, client } = this.#lists;
    return `cores ${servers} for the servers, ${client} for what is measured`;
  }

  /** A server whose processes `expectApart` looks at. */
  watch(pid: number | undefined): void {
    if (pid !== undefined) this.#servers.push(pid);
  }

  /** What this process does and starts meanwhile is on the cores of what is measured. */
  async asClient<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#lists === null) return work();
    moveTo(process.pid, this.#lists.client);
    try {
      return await work();
    } finally {
      moveTo(process.pid, this.#lists.servers);
    }
  }

  /** Throws where a thread of a server or of the client may run where it should not. */
  expectApart(client: number): void {
    if (this.#lists === null) return;
    const { servers } = this.#lists;
    for (const one of this.#servers.flatMap(withChildren)) expectOn(one, servers);
    for (const one of withChildren(client)) expectOn(one, this.#lists.client);
  }
}

function availableLists(): CoreLists | null {
  if (process.platform !== 'linux') return null;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return splitCores(coresOf('/proc/self/status'));
}

function moveTo(pid: number, cores: string): void {
  // All threads: the pool of Node and V8's own do work of ours, too.
  execFileSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' });
}

function coresOf(statusFile: string): readonly number[] {
  const status = readFileSync(statusFile, 'utf8');
  return parseCores(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0');
}

/** A process and all that it has begun, such as the backends of PostgreSQL. */
function withChildren(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const threads = unlessEnded(() => readdirSync(tasks)) ?? [];
  const children = threads.flatMap((thread) => {
    const list = unlessEnded(() => readFileSync(`${tasks}/${thread}/children`, 'utf8')) ?? '';
    return list.split(' ').filter((child) => child !== '');
  });
  return [pid, ...children.flatMap((child) => withChildren(Number(child)))];
}

function expectOn(pid: number, cores: string): void {
  const expected = parseCores(cores);
  for (const thread of unlessEnded(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const file = `/proc/${pid}/task/${thread}/status`;
    const found = unlessEnded(() => coresOf(file)) ?? expected;
    if (found.every((core) => expected.includes(core))) continue;
    const where = found.join(',');
    throw new Error(`thread ${thread} of process ${pid} runs on cores ${where}, not on ${cores}`);
  }
}

/** Undefined: process or thread have ended since somebody named them. */
function unlessEnded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
