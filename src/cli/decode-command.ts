import { decodedBinlog } from '../runtime/decode-binlog.ts';
import type { CliContext } from './cli-context.ts';

/** `tidemark decode`: a binlog file's events and rows as JSON lines, without a server. */
export async function decodeCommand(
  path: string,
  options: { readonly rowsOnly: boolean },
  { output, signal }: CliContext,
): Promise<void> {
  for await (const text of decodedBinlog({ path, signal, ...options })) {
    // A pipe takes 64 KiB at a time: what is not awaited would be cut off at the exit.
    await output.writeThrough(text);
  }
}
