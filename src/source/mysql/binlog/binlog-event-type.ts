/** Types of binlog events (PITFALLS B0); from 160 on MariaDB's own. */
export const EventType = {
  startV3: 1,
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  load: 6,
  slave: 7,
  createFile: 8,
  appendBlock: 9,
  execLoad: 10,
  deleteFile: 11,
  newLoad: 12,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  beginLoadQuery: 17,
  executeLoadQuery: 18,
  tableMap: 19,
  preGaWriteRows: 20,
  preGaUpdateRows: 21,
  preGaDeleteRows: 22,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  ignorable: 28,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  transactionContext: 36,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  gtidTagged: 42,
  annotateRows: 160,
  binlogCheckpoint: 161,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  deleteRowsCompressedV1: 168,
  writeRowsCompressed: 169,
  updateRowsCompressed: 170,
  deleteRowsCompressed: 171,
} as const;

/** Bits of an event's flags. */
export const EventFlag = {
  inUse: 0x0001,
  suppressUse: 0x0008,
  artificial: 0x0020,
  ignorable: 0x0080,
} as const;

const NAMES = new Map<number, string>(
  Object.entries(EventType).map(([name, type]) => [
    type,
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  ]),
);

/** `WRITE_ROWS`; an unknown type by its number. */
export function eventTypeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}
