import type { PredicateSetting } from '../config/transform-options.ts';
import type { ConnectRecord } from '../model/connect-record.ts';
import { javaPattern } from './java-pattern.ts';

/** Says of a record whether a transform is for it. */
export type RecordPredicate = (record: ConnectRecord) => boolean;

/** The predicate of Kafka Connect. */
export function predicateOf({ type, options }: PredicateSetting): RecordPredicate {
  switch (type) {
    case 'TopicNameMatches': {
      const pattern = javaPattern('pattern', options.string('pattern'), true);
      return (record) => pattern.test(record.topic);
    }
    case 'HasHeaderKey': {
      const name = options.string('name');
      return (record) => record.headers.some((header) => header.name === name);
    }
    case 'RecordIsTombstone':
      return (record) => record.value.value === null;
  }
}
