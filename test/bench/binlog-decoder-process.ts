import { readFileSync } from 'node:fs';
import { BinlogDecoder } from '../../src/source/mysql/binlog/binlog-decoder.ts';
import { EventSplitter } from '../../src/source/mysql/binlog/event-splitter.ts';
import { rowsKind } from '../../src/source/mysql/binlog/rows-kind.ts';
import { smallPayload } from '../../src/source/mysql/binlog/transaction-payload.ts';

/**
 * Decodes a binlog file from memory with our decoder, round after round: each column of each row
 * becomes text, checksums are verified, nothing takes the rows. A line of JSON for each round.
 *
 * Usage: binlog-decoder-process.ts <file> <rounds> <values|headers>; `headers` only walks from
 * event to event, which nobody can beat.
 */
const MAGIC_BYTES = 4;
const SIZE_AT = 9;

const [file = '', rounds = '1', what = 'values'] = process.argv.slice(2);
const plain = readFileSync(file);

function rowsOf(decoder: BinlogDecoder): number {
  if (rowsKind(decoder.type) !== undefined) {
    if (decoder.openRows() === null) return 0;
    let rows = 0;
    while (decoder.nextRow()) rows++;
    return rows;
  }
  const event = decoder.event();
  if (event.kind !== 'transaction-payload') return 0;
  const inner = new EventSplitter();
  inner.push(smallPayload(event) ?? Buffer.alloc(0));
  let rows = 0;
  while (inner.next()) {
    decoder.openInner(inner.bytes, inner.start, inner.end);
    rows += rowsOf(decoder);
  }
  return rows;
}

function decoded(): number {
  const decoder = new BinlogDecoder();
  let rows = 0;
  for (let at = MAGIC_BYTES; at < plain.length;) {
    const end = at + plain.readUInt32LE(at + SIZE_AT);
    decoder.open(plain, at, end);
    rows += rowsOf(decoder);
    at = end;
  }
  return rows;
}

function walked(): number {
  let events = 0;
  for (let at = MAGIC_BYTES; at < plain.length; at += plain.readUInt32LE(at + SIZE_AT)) events++;
  return events;
}

for (let i = 0; i < Number(rounds); i++) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const rows = what === 'headers' ? walked() : decoded();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${JSON.stringify({ rows, ms, cpuMs: (user + system) / 1000 })}\n`);
}
