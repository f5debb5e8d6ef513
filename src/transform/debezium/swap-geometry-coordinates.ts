import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import { mapGeometries, sridsOf } from './geometry-values.ts';
import { swapped } from './wkb.ts';

/** Debezium's SwapGeometryCoordinates: x and y of geometries change places. */
export class SwapGeometryCoordinates implements RecordTransform {
  readonly #srids: ReadonlySet<number>;

  constructor(options: ResolvedOptions) {
    this.#srids = sridsOf(options);
  }

  apply(record: ConnectRecord): ConnectRecord {
    return mapGeometries(record, true, ({ wkb, srid }) =>
      srid === null || !this.#srids.has(srid) ? wkb : swapped(wkb),
    );
  }
}
