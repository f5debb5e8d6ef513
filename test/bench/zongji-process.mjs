/**
 * Decodes a binlog file from memory with one of the libraries of Node, round after round: what
 * they do with an event once their connection has it. A line of JSON for each round.
 *
 * Usage: zongji-process.mjs <folder of the package> <file> <rounds>
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder = '', file = '', rounds = '1'] = process.argv.slice(2);
const plain = readFileSync(file);
const HEADER_BYTES = 19;
const FORMAT = 15;

/** Those of the workload, which both ask the server for where the binlog does not tell. */
const COLUMNS = [
  ['id', 'bigint'],
  ['customer_id', 'int'],
  ['amount', 'decimal(12,2)'],
  ['weight', 'double'],
  ['paid', 'tinyint(1)'],
  ['sku', 'varchar(40)', 'utf8mb4'],
  ['note', 'text', 'utf8mb4'],
  ['created_at', 'datetime(6)'],
  ['updated_at', 'timestamp(6)'],
  ['due', 'date'],
  ['ref', 'char(36)', 'utf8mb4'],
  ['meta', 'json'],
].map(([COLUMN_NAME, COLUMN_TYPE, charset]) => ({
  COLUMN_NAME,
  COLUMN_TYPE,
  CHARACTER_SET_NAME: charset ?? null,
  COLLATION_NAME: charset === undefined ? null : 'utf8mb4_general_ci',
  COLUMN_COMMENT: '',
}));

const { getEventClass, newParser } = await library();
for (let i = 0; i < Number(rounds); i++) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const rows = round();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${JSON.stringify({ rows, ms, cpuMs: (user + system) / 1000 })}\n`);
}

async function library() {
  const require = createRequire(path.join(folder, 'package.json'));
  const load = async (/** @type {string} */ name) => {
    const at = path.join(folder, 'lib', name);
    return folder.includes('@vlasky') ? import(pathToFileURL(at).href) : require(at);
  };
  const codes = await load('code_map.js');
  // One has a reader of its own, the other that of the driver that it is made for.
  const { Parser } = folder.includes('@vlasky') ? await load('reader.js') : {};
  const Own = Parser ?? require('@vlasky/mysql/lib/protocol/Parser');
  return {
    getEventClass: codes.getEventClass,
    /** @param {number} start @param {number} end */
    newParser: (start, end) => {
      const parser = new Own();
      if (Parser !== undefined) parser.append(plain);
      else parser._buffer = plain;
      parser._offset = start;
      parser._packetEnd = end;
      return parser;
    },
  };
}

function round() {
  const zongji = {
    tableMap: {},
    useChecksum: false,
    isMariaDb: false,
    serverVersion: '9.7.4',
    connection: { config: { dateStrings: false, timezone: 'Z' } },
    _skipSchema: () => false,
    _skipEvent: () => false,
  };
  let rows = 0;
  for (let at = 4; at < plain.length;) {
    const type = plain[at + 4] ?? 0;
    const size = plain.readUInt32LE(at + 9);
    const end = at + size;
    // The algorithm of the checksums stands in front of the checksum of the format.
    if (type === FORMAT) zongji.useChecksum = plain[end - 5] === 1;
    const EventClass = getEventClass(type);
    const event = new EventClass(
      newParser(at + HEADER_BYTES, end),
      {
        timestamp: plain.readUInt32LE(at) * 1000,
        serverId: plain.readUInt32LE(at + 5),
        nextPosition: plain.readUInt32LE(at + 13),
        size: size - HEADER_BYTES - (zongji.useChecksum ? 4 : 0),
        eventType: type,
      },
      zongji,
    );
    if (EventClass.name === 'TableMap') describe(zongji, event);
    else if (event.rows !== undefined) rows += event.rows.length;
    at = end;
  }
  return rows;
}

/** As their own classes do with this event. */
function describe(zongji, event) {
  const selfDescribing = event.hasSelfDescribingMetadata?.() === true;
  const known = zongji.tableMap[event.tableId];
  if (!selfDescribing && known !== undefined) return;
  zongji.tableMap[event.tableId] = {
    columnSchemas: selfDescribing ? event.buildColumnSchemas() : COLUMNS,
    parentSchema: event.schemaName,
    tableName: event.tableName,
  };
  event.updateColumnInfo();
}
