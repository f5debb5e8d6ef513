import { TidemarkError } from '../../src/foundation/errors.ts';
import { isPosition, parsePosition, POSITION_LENGTH } from '../../src/model/change-position.ts';

/*
 * Versions of documents (DESIGN ruling 4): 63 bits, the positive half of the long that both
 * products keep (`version_type` external and external_gte). A change with a lower version than the
 * document has is refused by the server with 409, so replays, and topics that were repartitioned or
 * mirrored, cannot take a row back.
 *
 *     bit 62 … 55   54 … 6            5 … 0
 *     epoch (8)     commit / 64 (49)  ordinal (6)
 *
 * What has to be in order is the changes of one document, which are the changes of one row: the
 * second of two transactions writes it after the first has committed.
 *
 * - commit / 64: between the commits of two transactions that change one row lie the record of the
 *   first commit (34 bytes at least) and that of the second change (54 at least) of a WAL, and in
 *   a binlog a GTID, a table map, rows and an XID: 64 bytes never hold both commits. 2^55 bytes are
 *   32 PiB of WAL, in a binlog 2^23 files.
 * - ordinal: up to 31 as it is, then one number for each doubling. Changes of one row in one
 *   transaction may share a version there, and then the later one to arrive wins: that is the
 *   order of the log. Therefore versions are sent as `external_gte`: `external` would refuse the
 *   second. (Only an older writer that is still on its way could take such a row back, to
 *   a state of the same transaction.) A row that a snapshot read has 0, below all changes there.
 * - epoch: 255 of them. At an end of the numbers changes are refused, not folded: what comes
 *   later would lose against what came earlier, and nobody would see it.
 *
 * Records without a position have the offset of their partition, as in Confluent's sink; epochs
 * begin with 1, so these are below all positions.
 */

const COMMIT_SHIFT = 6n;
const COMMIT_BITS = 49n;
const ORDINAL_BITS = 6n;
const EPOCH_MAX = 255;
const EXACT_ORDINALS = 32;
/** `32 - clz32(32)` is 6: the first doubling follows 31. */
const FIRST_DOUBLING = 26;

/** A number that does not fall as the ordinal rises, of 6 bits. */
function shortOrdinal(ordinal: number): number {
  return ordinal < EXACT_ORDINALS ? ordinal : FIRST_DOUBLING + 32 - Math.clz32(ordinal);
}

function ended(what: string): TidemarkError {
  return new TidemarkError('SINK_SCHEMA', `versions of documents are at their end: ${what}`, {
    cure:
      'Fill a new index under another name, with versions by the offsets of the log: their order ' +
      'holds as long as the topic is neither made anew nor repartitioned.',
  });
}

/** Of the last position: its text up to the ordinal, and the bits of its version above that. */
let lastPlace = '';
let lastBits = 0n;

const ORDINAL_AT = POSITION_LENGTH - 8;

/** The version of a record's change, in decimal. Throws SINK_SCHEMA past the end of the numbers. */
export function documentVersion(record: {
  /** The header `__tidemark.position`. */
  readonly position?: string;
  readonly offset: number;
}): string {
  const { position: text, offset } = record;
  if (text === undefined) return String(offset);
  if (!isPosition(text)) throw noPosition();
  // Changes of one transaction differ in their ordinals alone, rows of a snapshot not even there.
  const place = text.slice(0, ORDINAL_AT);
  if (place !== lastPlace) {
    lastBits = bitsAbove(text);
    lastPlace = place;
  }
  const ordinal = Number.parseInt(text.slice(ORDINAL_AT), 16);
  return String(lastBits | BigInt(shortOrdinal(ordinal)));
}

function bitsAbove(text: string): bigint {
  const position = parsePosition(text);
  if (position === null) throw noPosition();
  const { epoch, commit } = position;
  const place = commit >> COMMIT_SHIFT;
  if (epoch > EPOCH_MAX) throw ended(`the log of the source began anew ${epoch} times`);
  if (place >> COMMIT_BITS !== 0n) throw ended(`the log of the source is at byte ${commit}`);
  return ((BigInt(epoch) << COMMIT_BITS) | place) << ORDINAL_BITS;
}

function noPosition(): TidemarkError {
  return new TidemarkError('SINK_RECORD', 'the header __tidemark.position is no position', {
    cure: 'Another program wrote it; leave it out on the way.',
  });
}
