import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { TypeInfo } from '../../dialects/postgres/postgres-catalog.ts';
import { mapPostgresType } from '../../dialects/postgres/postgres-types.ts';
import { DEFAULT_VALUE_MODES } from '../../dialects/postgres/postgres-value-modes.ts';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { writeBase64, writeJsonString } from '../../src/rowpath/json-string.ts';
import { jsonTextEncoder } from '../../src/rowpath/json-text-encoder.ts';
import type { TextEncoder } from '../../src/rowpath/text-encoder.ts';
import { scratch, twosComplement, writeInteger } from '../../src/rowpath/text-scan.ts';
import { PostgresWire } from '../../src/source/postgres/wire/postgres-wire.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { changeRows, createBenchTable, loadRows } from './postgres-workload.ts';
import { eventCount } from './workload-counts.ts';

/**
 * Columns as text against columns in binary form (option `binary` of pgoutput): bytes on the wire,
 * CPU of the server's sender, and ours from a tuple to JSON values. Wall time tells nothing here.
 */

type Mode = 'text' | 'binary';

const TYPES: readonly (readonly [type: string, typmod: number])[] = [
  ['int8', -1],
  ['int4', -1],
  ['numeric', 4 + (12 << 16) + 2],
  ['float8', -1],
  ['bool', -1],
  ['varchar', 44],
  ['text', -1],
  ['timestamp', 6],
  ['timestamptz', -1],
  ['date', -1],
  ['uuid', -1],
  ['jsonb', -1],
];
const TICKS_PER_SECOND = 100;
const KEPT = 20_000;
/** Offset of the message in XLogData. */
const MESSAGE = 25;

/** CPU seconds of a process of this machine. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function textEncoders(): readonly TextEncoder[] {
  const json = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
  return TYPES.map(([name, typmod]) => {
    const base = { oid: 1, schema: 'pg_catalog', name, kind: 'base', category: 'X' } as const;
    const rest = { elementOid: 0, arrayOid: 0, baseOid: 0, baseTypmod: -1, delimiter: ',' };
    const info: TypeInfo = { ...base, ...rest, labels: [], extension: null };
    const column = { typeOid: 1, typmod, typeText: name };
    const mapped = mapPostgresType(column, () => info, DEFAULT_VALUE_MODES);
    if (!mapped.supported) throw new Error(`${name} is not supported`);
    return jsonTextEncoder(mapped.format, mapped.schema, json);
  });
}

const HEX = Buffer.from('0123456789abcdef');
const EPOCH_MICROS = 946_684_800_000_000;

const micros = (bytes: Buffer, start: number): number =>
  bytes.readInt32BE(start) * 4_294_967_296 + bytes.readUInt32BE(start + 4) + EPOCH_MICROS;

/** What the binary forms would need, as quick as it can be written for the usual values. */
const BINARY: readonly TextEncoder[] = [
  (b, s, _e, out) => {
    writeInteger(out, b.readInt32BE(s) * 4_294_967_296 + b.readUInt32BE(s + 4));
  },
  (b, s, _e, out) => {
    writeInteger(out, b.readInt32BE(s));
  },
  (b, s, _e, out) => {
    const [groups, weight] = [b.readUInt16BE(s), b.readInt16BE(s + 2)];
    let unscaled = 0;
    for (let i = 0; i < groups; i++) {
      unscaled += b.readUInt16BE(s + 8 + i * 2) * 10 ** (4 * (weight - i) + 2);
    }
    out.u8(0x22);
    writeBase64(scratch, twosComplement(Math.round(unscaled)), 8, out);
    out.u8(0x22);
  },
  (b, s, _e, out) => {
    const text = String(b.readDoubleBE(s));
    out.ascii(text.includes('.') ? text : `${text}.0`);
  },
  (b, s, _e, out) => {
    out.ascii(b[s] === 1 ? 'true' : 'false');
  },
  writeJsonString,
  writeJsonString,
  (b, s, _e, out) => {
    writeInteger(out, micros(b, s));
  },
  (b, s, _e, out) => {
    out.ascii(`"${new Date(micros(b, s) / 1000).toISOString().slice(0, -1)}000Z"`);
  },
  (b, s, _e, out) => {
    writeInteger(out, b.readInt32BE(s) + 10_957);
  },
  (b, s, _e, out) => {
    out.u8(0x22);
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) out.u8(0x2d);
      const byte = b[s + i] as number;
      out.u8(HEX[byte >> 4] as number);
      out.u8(HEX[byte & 15] as number);
    }
    out.u8(0x22);
  },
  (b, s, e, out) => {
    writeJsonString(b, s + 1, e, out);
  },
];

/** CPU µs of ours for a tuple, its twelve values written as JSON. */
function encodeCost(tuples: readonly Buffer[], encoders: readonly TextEncoder[]): number {
  const out = new ByteWriter();
  const round = (): void => {
    for (const tuple of tuples) {
      out.clear();
      // Kind, relation and N stand before the number of columns.
      let at = 8;
      for (const encode of encoders) {
        const length = tuple.readInt32BE(at + 1);
        encode(tuple, at + 5, at + 5 + length, out);
        at += 5 + length;
      }
    }
  };
  for (let i = 0; i < 5; i++) round();
  const before = process.cpuUsage();
  for (let i = 0; i < 20; i++) round();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (20 * tuples.length);
}

interface Reading {
  readonly bytes: number;
  readonly serverSeconds: number;
  readonly tuples: readonly Buffer[];
}

async function readAll(server: EmbeddedPostgres, mode: Mode, events: number): Promise<Reading> {
  const { host, port, user, password } = server;
  const options = { host, port, user, password, database: 'postgres', sslMode: 'disable' } as const;
  const session = { replication: true, applicationName: 'bench' };
  const { signal } = new AbortController();
  const wire = await PostgresWire.connect(
    { ...options, connectTimeoutMs: 10_000 },
    session,
    signal,
  );
  const pid = Number((await wire.query('SELECT pg_backend_pid()'))[0]?.rows[0]?.[0]);
  const before = cpuOf(pid);
  const tuples: Buffer[] = [];
  let [bytes, seen] = [0, 0];
  const done = Promise.withResolvers<void>();
  const handler = {
    started: () => undefined,
    frame(frame: Buffer, start: number, end: number): undefined {
      bytes += end - start;
      const kind = frame[start + MESSAGE];
      if (frame[start] !== 0x77 || (kind !== 0x49 && kind !== 0x55 && kind !== 0x44)) return;
      if (kind === 0x49 && tuples.length < KEPT) {
        tuples.push(Buffer.from(frame.subarray(start + MESSAGE, end)));
      }
      if (++seen === events) done.resolve();
    },
    settle: () => undefined,
  };
  const binary = mode === 'binary' ? `, binary 'true'` : '';
  const command =
    `START_REPLICATION SLOT ${mode} LOGICAL 0/0 ` +
    `(proto_version '1', publication_names 'bench'${binary})`;
  const running = wire.startReplication(command, handler, signal);
  running.catch(done.reject);
  await done.promise;
  const serverSeconds = cpuOf(pid) - before;
  wire.destroy();
  return { bytes, serverSeconds, tuples };
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' } } });
const rows = Number(values.rows);
await using folder = await temporaryFolder('bench-binary');
await using server = await EmbeddedPostgres.start({
  directory: folder.path,
  auth: 'trust',
  durable: false,
  signal: new AbortController().signal,
});
const client = new pg.Client({ connectionString: server.url('postgres') });
await client.connect();
await createBenchTable(client);
await client.query('CREATE PUBLICATION bench FOR TABLE bench_orders');
const MODES: readonly Mode[] = ['text', 'binary'];
for (const mode of MODES) {
  await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [mode]);
}
await loadRows(client, 1, rows);
await changeRows(client, 1, rows);
await client.end();
const events = eventCount(rows);
for (let round = 1; round <= 3; round++) {
  for (const mode of MODES) {
    const { bytes, serverSeconds, tuples } = await readAll(server, mode, events);
    const ours = encodeCost(tuples, mode === 'text' ? textEncoders() : BINARY);
    process.stdout.write(
      `${round} ${mode}: ${(bytes / events).toFixed(0)} bytes, ` +
        `server ${((serverSeconds * 1e6) / events).toFixed(2)} µs, ` +
        `ours, values only ${ours.toFixed(2)} µs an event\n`,
    );
  }
}
