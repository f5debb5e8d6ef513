import type { PredicateSetting, TransformSetting } from '../config/transform-options.ts';
import type { ConnectRecord } from '../model/connect-record.ts';
import { EventRouter } from './event-router.ts';
import { ExtractNewRecordState } from './extract-new-record-state.ts';
import type { RecordTransform } from './record-transform.ts';
import { RegexRouter } from './regex-router.ts';

/** One after the other, each where its predicate holds; null: a transform dropped the record. */
export function chainOf(
  settings: readonly TransformSetting[],
  warn: (text: string) => void,
): (record: ConnectRecord) => ConnectRecord | null {
  const steps = settings.map((setting) => ({
    transform: transformOf(setting, warn),
    applies: conditionOf(setting),
  }));
  return (record) => {
    let current: ConnectRecord | null = record;
    for (const { transform, applies } of steps) {
      if (!applies(current)) continue;
      current = transform.apply(current);
      if (current === null) return null;
    }
    return current;
  };
}

function transformOf(setting: TransformSetting, warn: (text: string) => void): RecordTransform {
  const { options } = setting;
  switch (setting.type) {
    case 'ExtractNewRecordState':
      return new ExtractNewRecordState(options);
    case 'EventRouter':
      return new EventRouter(options, (text) => {
        warn(`transforms.${setting.name}: ${text}`);
      });
    case 'RegexRouter':
      return new RegexRouter(options.string('regex'), options.string('replacement'));
  }
}

function conditionOf({ predicate, negate }: TransformSetting): (record: ConnectRecord) => boolean {
  if (predicate === null) return () => true;
  const test = predicateOf(predicate);
  return (record) => test(record) !== negate;
}

function predicateOf(setting: PredicateSetting): (record: ConnectRecord) => boolean {
  const { options } = setting;
  switch (setting.type) {
    case 'TopicNameMatches': {
      const pattern = new RegExp(`^(?:${options.string('pattern')})$`);
      return (record) => pattern.test(record.topic);
    }
    case 'HasHeaderKey': {
      const name = options.string('name');
      return (record) => record.headers.some((header) => header.name === name);
    }
    case 'RecordIsTombstone':
      return (record) => record.value.schema === null && record.value.value === null;
  }
}
