import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { TableGates } from './table-gates.ts';

/** Tables that wait in the log of the server, and how they come out of there. */
export class GateReplay {
  readonly #gates: TableGates;
  /** A life that reads it again is to begin. */
  onDue: () => void = () => undefined;

  constructor(gates: TableGates) {
    this.#gates = gates;
    gates.onRead = (table) => this.#readBeside(table);
  }

  /** Tables that may go out, and do with the next life. */
  released(): readonly string[] {
    const { source, states } = this.#gates;
    return source.tables().filter((table) => {
      const hold = states.get(table)?.hold ?? null;
      return hold === null || hold.answer !== undefined || this.#gates.spools(table);
    });
  }

  /** A life begins that reads these tables again. Returns from where on. */
  async begin(tables: readonly string[]): Promise<SourceOffset> {
    const { source, states } = this.#gates;
    for (const name of tables) {
      const gate = states.get(name);
      const hold = gate?.hold ?? null;
      // What waits before a value goes on in the table's own shape; changes come again themselves.
      const isOfValue = hold !== null && hold.changes.length === 0;
      if (gate === undefined || !isOfValue || hold.answer === undefined) continue;
      await states.put(name, { ...gate, kept: null, hold: null });
    }
    return source.replay(tables);
  }

  /** All that waited in the log of the server has been told. */
  async end(): Promise<void> {
    const { source, states, waiting } = this.#gates;
    for (const name of source.finished) {
      const gate = states.get(name);
      if (gate === undefined || waiting.has(name)) continue;
      // An answer to a change that did not come again, because it was undone or is not captured.
      const isOpen = gate.hold !== null || gate.settled !== null;
      if (isOpen) await states.put(name, { ...gate, hold: null, settled: null });
    }
  }

  /** The log of the server is given up: what comes of tables that waited there waits with us. */
  async leaveLog(): Promise<void> {
    const { source, states, waiting, parts } = this.#gates;
    for (const name of source.tables()) {
      const gate = must(states.get(name), `${name} has a gate`);
      await waiting.open(name, parts.topicOf(gate.actual));
      waiting.begin(name);
    }
    source.clear();
  }

  /**
   * A row was read of a table that waits in the log of the server, where it does not stand: all of
   * the table waits with us from the change on, and this life ends before the row is stored.
   */
  #readBeside(name: string): void {
    const { states, parts, isEnded } = this.#gates;
    if (isEnded) return;
    parts.logger.info(
      { table: name },
      `a snapshot reads ${name}, which is held: its changes wait in our own log from now on`,
    );
    const spooled = states.spool(name).then((): never => {
      this.onDue();
      throw new TidemarkError('NOT_RUNNING', `${name} is read again from the change on`);
    });
    this.#gates.end(spooled);
  }
}
