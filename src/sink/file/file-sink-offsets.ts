import type { SinkPosition } from '../../model/sink-record.ts';
import type { FileSinkOptions } from './create-file-sink.ts';
import { toFileError } from './file-errors.ts';
import { LineFile } from './line-file.ts';
import { fulfilled, journalPath, positionKey, SinkJournal } from './sink-journal.ts';

/** The offsets that lie beside a file, for whoever moves them while the sink is away. */
export class FileSinkOffsets {
  readonly #options: FileSinkOptions;
  readonly #warn: (text: string) => void;

  constructor(options: FileSinkOptions, warn: (text: string) => void = () => undefined) {
    this.#options = options;
    this.#warn = warn;
  }

  /** Empty before the sink has ever run, and of standard output. */
  async read(): Promise<readonly SinkPosition[]> {
    const { file } = this.#options;
    if (file === null) return [];
    try {
      const stored = await SinkJournal.read(journalPath(file));
      // The last lines of a crash may be missing: where they are, only `move` has to know.
      return stored === null ? [] : fulfilled(stored).positions;
    } catch (error) {
      throw toFileError(error, file);
    }
  }

  /** Partitions of which the file has nothing begin where the group's offset says. */
  async move(positions: readonly SinkPosition[]): Promise<void> {
    const { file, owner } = this.#options;
    if (file === null) return;
    try {
      const parts = { file, owner, warn: this.#warn, note: this.#warn };
      await using opened = await LineFile.open(parts);
      const moved = positions.filter((one) => opened.positions.has(positionKey(one)));
      if (moved.length > 0) await opened.append('', moved);
    } catch (error) {
      throw toFileError(error, file);
    }
  }
}
