import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { conversionError } from '../value-conversion.ts';

const NUMBER = String.raw`-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Infinity)|NaN`;
const VECTOR = new RegExp(`^\\[(?:(?:${NUMBER})(?:,(?:${NUMBER}))*)?\\]$`);
const SPARSE = new RegExp(`^\\{((?:[0-9]+:(?:${NUMBER})(?:,[0-9]+:(?:${NUMBER}))*)?)\\}/([0-9]+)$`);

/** Reads pgvector's vector and halfvec: `[1,2.5,-3]`. */
export function parseVector(schema: ConnectSchema, text: string): readonly ConnectValue[] {
  if (!VECTOR.test(text)) throw conversionError('the text is not a vector');
  const single = schema.valueSchema?.type === 'float32';
  const inner = text.slice(1, -1);
  if (inner === '') return [];
  return inner.split(',').map((item) => (single ? Math.fround(Number(item)) : Number(item)));
}

/** Reads pgvector's sparsevec: `{1:0.5,3:2}/5`. Both counts have 16 bits in the original. */
export function parseSparseVector(schema: ConnectSchema, text: string): Struct {
  const match = SPARSE.exec(text);
  if (match === null) throw conversionError('the text is not a sparse vector');
  const dimensions = Number(match[2]);
  if (dimensions > 0x7fff) {
    throw conversionError('the sparse vector has more than 32767 dimensions, and the schema not');
  }
  const entries = new Map<number, number>();
  for (const pair of (match[1] as string).split(',')) {
    const [index, value] = pair.split(':');
    if (index !== undefined && value !== undefined) entries.set(Number(index), Number(value));
  }
  return { schema, values: [dimensions, entries] };
}

/** The input text of a vector. */
export function vectorText(items: readonly number[]): string {
  return `[${items.map(String).join(',')}]`;
}
