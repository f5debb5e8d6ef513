import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ServerSeries, ServerSettings } from '../../src/demo/mysql-programs.ts';
import { flavorOf } from '../../src/demo/mysql-programs.ts';
import { MysqlServer } from '../support/mysql-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { buildProgram } from './built-program.ts';
import { printFigures } from './figures-table.ts';
import { JSON_WITHOUT_SCHEMAS, measurePipeline, ratiosOf } from './measured-pipeline.ts';
import { mysqlBench, NO_TLS } from './mysql-workload.ts';
import { measureDebezium, measureMaxwell, type PeerWorkload } from './peer-debezium.ts';
import type { Figures } from './peer-figures.ts';

const NOTE = 'ours ends in the embedded log (flushed), the others in Kafka';

/** The options of both: `only` names columns to measure, separated by commas. */
interface BenchOptions {
  readonly server: ServerSeries;
  readonly rows: number;
  readonly latencyRows: number;
  readonly only: readonly string[] | null;
  readonly json: boolean;
}

/**
 * Snapshot, latency and streaming catch-up of a source of binlogs into the embedded log, JSON
 * without schemas, and with PEERS=<folder> Debezium tuned and (MySQL) Maxwell in the same run.
 */
export async function benchBinlogs(
  name: 'mariadb' | 'mysql',
  standard: ServerSeries,
): Promise<void> {
  const options = readOptions(standard);
  const { rows, latencyRows, only } = options;
  // One that the server's account can enter.
  const folder = (await temporaryFolder('bench')).path;
  const peers = process.env['PEERS'];
  const isWanted = (column: string): boolean => only === null || only.includes(column);
  try {
    await using server = await MysqlServer.start(options.server, {
      settings: settingsFor(options.server),
    });
    const loadBefore = os.loadavg()[0] ?? 0;
    const ours = isWanted('ours') ? await measureOurs(server, folder, rows, latencyRows) : null;
    const { user, password, host, port } = server;
    const workload: PeerWorkload = {
      family: name === 'mariadb' ? 'maria' : 'mysql',
      databaseUrl: `mysql://${user}:${password}@${host}:${port}/peersbench`,
      rows,
      latencyRows,
    };
    const columns: [string, Figures | null][] = [['tidemark', ours]];
    if (peers !== undefined && isWanted('debezium')) {
      const properties = { 'database.ssl.mode': NO_TLS[name] };
      const tuned = await measureDebezium(peers, workload, { tuned: true, properties });
      columns.push(['Debezium tuned', tuned]);
    }
    if (peers !== undefined && name === 'mysql' && isWanted('maxwell')) {
      columns.push(['Maxwell', await measureMaxwell(peers, workload)]);
    }
    const load = `load ${loadBefore.toFixed(1)} before and ${os.loadavg()[0]?.toFixed(1)} after`;
    printFigures(`${server.version}, ${rows} rows, ${load}; ${NOTE}`, columns);
    const others = columns.slice(1).map(([, figures]) => figures as Figures);
    const ratios = ours === null || others.length === 0 ? null : ratiosOf(ours, ...others);
    if (!options.json) return;
    const figures = Object.fromEntries(columns);
    const line = { bench: name, server: server.version, note: NOTE, rows, figures, ratios };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readOptions(standard: ServerSeries): BenchOptions {
  const { values } = parseArgs({
    options: {
      server: { type: 'string', default: standard },
      rows: { type: 'string', default: '500000' },
      'latency-rows': { type: 'string', default: '1000' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    server: values.server as ServerSeries,
    rows: Number(values.rows),
    latencyRows: Number(values['latency-rows']),
    only: values.only?.split(',') ?? null,
    json: values.json,
  };
}

/** Room for all of the rows: a server that reads its disk would be what is measured. */
function settingsFor(series: ServerSeries): ServerSettings {
  const redo =
    series === '9.7' ? { 'innodb-redo-log-capacity': '1G' } : { 'innodb-log-file-size': '256M' };
  // Maxwell and the driver of Debezium log in without TLS.
  const login =
    series === '8.0' ? { 'default-authentication-plugin': 'mysql_native_password' } : {};
  const size = flavorOf(series) === 'mysql' && series !== '5.6' ? '1G' : '512M';
  return { 'innodb-buffer-pool-size': size, 'max-binlog-size': '1G', ...redo, ...login };
}

async function measureOurs(
  server: MysqlServer,
  folder: string,
  rows: number,
  latencyRows: number,
): Promise<Figures> {
  await using database = await mysqlBench(server, 'tidemark_bench');
  return await measurePipeline({
    database,
    folder,
    builtSources: await buildProgram(path.join(folder, 'built')),
    rows,
    latencyRows,
    sections: `transport: { type: embedded, path: ${path.join(folder, 'log')} }`,
    sourceLines: JSON_WITHOUT_SCHEMAS,
  });
}
