import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import { mapGeometries } from './geometry-values.ts';
import { isExtended, toExtended, toPlain } from './wkb.ts';

/**
 * Debezium's GeometryFormatTransformer. `format` says what comes in: WKB gets its SRID inside
 * (EWKB), EWKB loses it. As in the original the first EWKB settles that it is EWKB.
 */
export class GeometryFormatTransformer implements RecordTransform {
  #format: string;

  constructor(options: ResolvedOptions) {
    this.#format = options.string('format');
  }

  apply(record: ConnectRecord): ConnectRecord {
    return mapGeometries(record, false, ({ wkb, srid }) => {
      if (isExtended(wkb)) this.#format = 'ewkb';
      if (this.#format === 'ewkb') return toPlain(wkb);
      if (srid !== null) return toExtended(wkb, srid);
      throw new TidemarkError('TRANSFORM', 'GeometryFormatTransformer: a geometry has no SRID');
    });
  }
}
