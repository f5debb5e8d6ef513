import type { SchemaMemory, SchemaStatement } from '../../src/model/change-event.ts';
import type { ToldRecord } from '../../src/source/mysql/history/told-history.ts';
import type {
  HistoryCheckpoint,
  SchemaHistoryLog,
} from '../../src/source/mysql/history/schema-history.ts';

/** A schema history in memory, which a test may lose. */
export class MemoryHistory implements SchemaHistoryLog {
  records: SchemaMemory[] = [];
  stored: HistoryCheckpoint | null = null;
  /** Places that were read from. */
  readonly read: number[] = [];

  take({ memory }: SchemaStatement): void {
    if (memory !== undefined) this.records.push(memory);
  }

  checkpoint(): HistoryCheckpoint | null {
    return this.stored;
  }

  async saveCheckpoint(make: () => Omit<HistoryCheckpoint, 'from'> | null): Promise<boolean> {
    const from = this.records.length;
    await Promise.resolve();
    const made = make();
    if (made === null) return false;
    this.stored = structuredClone({ ...made, from });
    return true;
  }

  async *told(): AsyncGenerator<ToldRecord> {
    await Promise.resolve();
    yield* this.records.map(({ position, ...memory }) => ({
      position,
      database: '',
      ddl: null,
      changes: [],
      memory,
    }));
  }

  async *memories(epoch: string, from: number): AsyncGenerator<SchemaMemory> {
    this.read.push(from);
    await Promise.resolve();
    yield* this.records.slice(from).filter((memory) => memory.epoch === epoch);
  }
}
