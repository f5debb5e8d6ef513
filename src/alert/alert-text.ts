import type { AlertFact } from '../model/alert.ts';
import type { AlertNotice, NoticeStatus } from './alert-notice.ts';

const WORDS: Readonly<Record<NoticeStatus, string>> = {
  event: '',
  firing: '',
  repeated: 'STILL: ',
  resolved: 'RESOLVED: ',
  suppressed: '',
  test: 'TEST: ',
};

/** The first line: `[breaking] shop: orders.amount is bigint now (was integer)`. */
export function noticeHeadline({ status, severity, pipeline, title }: AlertNotice): string {
  const mark = status === 'resolved' ? 'resolved' : severity;
  const word = status === 'resolved' ? '' : WORDS[status];
  return `[${mark}] ${pipeline}: ${word}${title}`;
}

/** Where and when, then what the alert says of itself. */
export function noticeFacts(notice: AlertNotice): readonly AlertFact[] {
  const { table, sink, position, at, status, facts, title } = notice;
  const fact = (label: string, value: string | null): readonly AlertFact[] =>
    value === null || title === value ? [] : [{ label, value }];
  return [
    ...fact('table', table),
    ...fact('sink', sink),
    ...fact('when', status === 'event' ? at.replace(/\.\d+Z$/, 'Z') : null),
    ...fact('position', position),
    ...facts,
  ];
}

/** The whole text, labels in a column: what mail and terminals show. */
export function noticeText(notice: AlertNotice): string {
  const facts = noticeFacts(notice);
  const width = Math.max(0, ...facts.map(({ label }) => label.length));
  const indent = ' '.repeat(width + 4);
  const lines = facts.map(({ label, value }) => {
    const [first = '', ...rest] = value.split('\n');
    return [`  ${label.padEnd(width)}  ${first}`, ...rest.map((line) => indent + line)].join('\n');
  });
  const footer = `${notice.class}, alert ${notice.id}`;
  return [noticeHeadline(notice), '', ...lines, '', footer, ''].join('\n');
}
