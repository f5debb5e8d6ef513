/**
 * `npm run bench -- binlog-decoder [FILE] [--server 9.7] [--rows 100000] [--rounds 10] [--json]`:
 * the decoder by itself beside others of the same bytes, all of them from memory, every value of
 * every row: Java's library of Debezium, and the two of Node. Each has a process of its own and
 * several rounds to become warm; in turn, because other load on the machine drifts. FILE: a binlog
 * without compression; else the workload of the other benchmarks, written by a real server.
 * Ours alone verifies checksums, and makes what the others leave as numbers (times, decimals) text.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { findJava } from '../support/java-runtime.ts';
import { mavenLibraries } from '../support/maven-packages.ts';
import type { ServerSeries } from '../../src/demo/mysql-programs.ts';
import { MysqlServer } from '../support/mysql-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { recordWorkload } from './binlog-recording.ts';

interface Contestant {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

interface Round {
  readonly rows: number;
  readonly ms: number;
  readonly cpuMs: number;
}

/** Medians of the rounds behind the warm-up, of all turns. */
interface Figures {
  readonly rowsPerSecond: number;
  readonly cpuMicrosPerRow: number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string', default: '9.7' },
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '10' },
    turns: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const JAVA_SOURCE = path.join(import.meta.dirname, 'BinlogDecode.java');
const OURS = path.join(import.meta.dirname, 'binlog-decoder-process.ts');
const ZONGJI = path.join(import.meta.dirname, 'zongji-process.mjs');
/** The one that Debezium 3.6.0.Final has. */
const JAVA_LIBRARY = 'io.debezium:mysql-binlog-connector-java:0.41.0';
/** What of it decodes a compressed transaction; its own dependency is for tests only. */
const ZSTD = 'com.github.luben:zstd-jni:1.5.6-10';

const folder = (await temporaryFolder('bench')).path;
try {
  const file = positionals[0] ?? (await recorded());
  const all = await contestants(file);
  const found = new Map<string, Round[]>(all.map(({ name }) => [name, []]));
  for (let turn = 0; turn < Number(options.turns); turn++) {
    for (const contestant of all) found.get(contestant.name)?.push(...(await run(contestant)));
  }
  report(new Map([...found].map(([name, list]) => [name, figuresOf(list)])));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function recorded(): Promise<string> {
  await using server = await MysqlServer.start(options.server as ServerSeries, {
    settings: { 'max-binlog-size': '1G', 'innodb-buffer-pool-size': '256M' },
  });
  return await recordWorkload(server, Number(options.rows), folder);
}

async function contestants(file: string): Promise<readonly Contestant[]> {
  const node = process.execPath;
  const java = findJava(17);
  const jars = `${await mavenLibraries('binlog-java-0.41.0', [
    { coordinates: JAVA_LIBRARY },
    { coordinates: ZSTD, alone: true },
  ])}/*`;
  const vlasky = await zongji('@vlasky/zongji', '0.9.0');
  const powersync = await zongji('@powersync/mysql-zongji', '0.6.2');
  const javaArgs = ['-Xmx1g', '-cp', jars, JAVA_SOURCE, file, String(rounds)];
  return [
    { name: 'ours', program: node, args: [OURS, file, String(rounds), 'values'] },
    { name: 'java', program: java, args: [...javaArgs, 'values'] },
    { name: 'javaLean', program: java, args: [...javaArgs, 'lean'] },
    { name: 'zongji', program: node, args: [ZONGJI, vlasky, file, String(rounds)] },
    { name: 'powersync', program: node, args: [ZONGJI, powersync, file, String(rounds)] },
    { name: 'headers', program: node, args: [OURS, file, String(rounds), 'headers'] },
  ];
}

/** The folder of the package, downloaded once. */
async function zongji(name: string, version: string): Promise<string> {
  const installed = await cachedFolder(
    name.replaceAll(/[@/]+/g, '-').replace(/^-/, ''),
    'npm install --prefix "$1" --no-audit --no-fund --ignore-scripts "$2@$3" >&2',
    [name, version],
  );
  return path.join(installed, 'node_modules', name);
}

async function run({ program, args }: Contestant): Promise<readonly Round[]> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 24 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  // The first half is for the compilers.
  return lines.map((line) => JSON.parse(line) as Round).slice(Math.floor(rounds / 2));
}

function figuresOf(list: readonly Round[]): Figures {
  const rows = list[0]?.rows ?? 0;
  if (list.some((round) => round.rows !== rows)) throw new Error('rounds of different rows');
  return {
    rowsPerSecond: (rows / median(list.map(({ ms }) => ms))) * 1000,
    cpuMicrosPerRow: (median(list.map(({ cpuMs }) => cpuMs)) / rows) * 1000,
  };
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1] as number;
}

function report(figures: ReadonlyMap<string, Figures>): void {
  const ours = figures.get('ours') as Figures;
  for (const [name, { rowsPerSecond, cpuMicrosPerRow }] of figures) {
    const rate = `${Math.round(rowsPerSecond)} ${name === 'headers' ? 'events' : 'rows'}/s`;
    const cpu = `${cpuMicrosPerRow.toFixed(3)} µs CPU`;
    process.stdout.write(`${name.padEnd(12)}${rate.padStart(20)}${cpu.padStart(16)}\n`);
  }
  const over = (name: string): number =>
    ours.rowsPerSecond / (figures.get(name) as Figures).rowsPerSecond;
  const zongjis = Math.min(over('zongji'), over('powersync'));
  const ratios = {
    decoderJava: over('java'),
    decoderJavaLean: over('javaLean'),
    decoderZongji: zongjis,
  };
  process.stdout.write(`${JSON.stringify(ratios)}\n`);
  if (!options.json) return;
  const line = { bench: 'binlog-decoder', figures: Object.fromEntries(figures), ratios };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
