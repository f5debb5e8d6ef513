import type { SourceOffset } from '../model/change-event.ts';
import type { SourceHoldState } from './source-holds.ts';
import type { WaitingPlaces } from './waiting-records.ts';

const STATE = 'tidemark.gates';

/** What a source's offset has of gates. */
export interface GateOffset {
  /** Of the last change of a gate that lies before it. */
  readonly n: number;
  readonly waiting: WaitingPlaces;
  /** Absent: no table waits in the server's log. */
  readonly source?: SourceHoldState;
}

/** Null: no gate has ever been there. */
export function gateOffset(stored: SourceOffset | null): GateOffset | null {
  const text = stored?.offset[STATE];
  return typeof text === 'string' ? (JSON.parse(text) as GateOffset) : null;
}

/** As the offset has it. */
export function gateEntry(state: GateOffset): SourceOffset['offset'] {
  return { [STATE]: JSON.stringify(state) };
}

/** The tables that wait as of an offset, wherever they do. */
export function waitingTables(stored: SourceOffset | null): readonly string[] {
  const { waiting = {}, source } = gateOffset(stored) ?? {};
  return [...new Set([...Object.keys(waiting), ...Object.keys(source?.tables ?? {})])];
}
