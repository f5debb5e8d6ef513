/** The text of a sparse vector, as pgvector takes it: `{1:0.5,3:2}/5`. */
export function sparseVectorText(
  dimensions: number,
  entries: Iterable<readonly [number, number]>,
): string {
  const pairs = [...entries].map(([index, value]) => `${index}:${value}`);
  return `{${pairs.join(',')}}/${dimensions}`;
}
