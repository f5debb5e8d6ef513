import type { RecordTransform } from '../record-transform.ts';

/** Connect's Filter: drops every record; its predicate says which ones come here. */
export class DropRecord implements RecordTransform {
  apply(): null {
    return null;
  }
}
