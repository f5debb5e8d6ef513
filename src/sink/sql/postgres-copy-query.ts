import type { Connection, Submittable } from 'pg';
import type { CopiedStatement } from '../../../dialects/dialect.ts';

/** Characters of rows that make one CopyData message. */
const MESSAGE_CHARACTERS = 32 * 1024;
/** A character of UTF-16 is three bytes of UTF-8 at most. */
const CHARACTER_BYTES = 3;
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

interface Complete {
  readonly text: string;
}

/** What runs in front of the rows, with them, and behind them. */
export type CopyFlight = Pick<CopiedStatement, 'create' | 'copy' | 'apply'>;

/**
 * CREATE, COPY and the statement itself as one flight of the extended protocol, closed by one Sync:
 * an error makes the server pass over all that follows, rows included ("Message Flow", "Pipelining"
 * and "COPY Operations" of the protocol). While rows are made into text the server reads those in
 * front. `pg` calls the methods.
 */
export class CopyQuery implements Submittable {
  readonly #copied: CopyFlight;
  readonly #lines: Iterable<string>;
  readonly #resolve: (touched: number) => void;
  readonly #reject: (error: Error) => void;
  #touched = 0;

  constructor(
    copied: CopyFlight,
    lines: Iterable<string>,
    resolve: (touched: number) => void,
    reject: (error: Error) => void,
  ) {
    this.#copied = copied;
    this.#lines = lines;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    const { create, copy, apply } = this.#copied;
    const { stream } = connection;
    stream.cork();
    run(connection, create);
    run(connection, copy);
    stream.uncork();
    let text = '';
    for (const line of this.#lines) {
      text += line;
      if (text.length < MESSAGE_CHARACTERS) continue;
      stream.write(copyData(text));
      text = '';
    }
    stream.cork();
    if (text !== '') stream.write(copyData(text));
    stream.write(COPY_DONE);
    run(connection, apply);
    connection.sync();
    stream.uncork();
  }

  /** `INSERT 0 12`: that of the last one counts. */
  handleCommandComplete({ text }: Complete): void {
    this.#touched = Number(/ (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleCopyInResponse(): void {
    // The rows are on their way already.
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#touched);
  }

  handleError(error: Error): void {
    this.#reject(error);
  }
}

function run(connection: Connection, text: string): void {
  connection.parse({ name: '', text, types: [] }, true);
  connection.bind({}, true);
  connection.execute(null, true);
}

function copyData(text: string): Buffer {
  const message = Buffer.allocUnsafe(HEADER_BYTES + text.length * CHARACTER_BYTES);
  message[0] = COPY_DATA;
  const bytes = message.write(text, HEADER_BYTES, 'utf8');
  // The length counts itself, not the type.
  message.writeInt32BE(bytes + HEADER_BYTES - 1, 1);
  return message.subarray(0, HEADER_BYTES + bytes);
}
