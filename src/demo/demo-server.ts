import type { Clock } from '../foundation/clock.ts';
import type { DatabaseComparison } from './compare-databases.ts';
import type { ShopTrafficCounts } from './shop-traffic.ts';

/** A shop at work, on a connection of its own. */
export interface RunningTraffic {
  readonly counts: ShopTrafficCounts;
  /** Works until the signal aborts, and ends its connection. */
  run(): Promise<void>;
}

/** A row that was written last: when it is in the warehouse, all before it is on its way. */
export interface DemoMarker extends AsyncDisposable {
  hasArrived(): Promise<boolean>;
}

/** How busy the shop is, and until when. */
export interface TrafficSettings {
  readonly ratePerSecond: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The server of a demo, of any family, with shop and warehouse. */
export interface DemoServer extends AsyncDisposable {
  /** True when this run made the shop; false when it found the one of an earlier run. */
  readonly isNew: boolean;
  /** Sections of the pipeline file. */
  readonly source: Readonly<Record<string, string | number>>;
  readonly sink: Readonly<Record<string, string | number>>;
  openTraffic(settings: TrafficSettings): Promise<RunningTraffic>;
  mark(): Promise<DemoMarker>;
  /** Shop and warehouse, row by row. */
  compare(signal: AbortSignal): Promise<DatabaseComparison>;
}
