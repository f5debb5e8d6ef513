import { ERROR_TABLE, type ErrorCode } from '../foundation/error-table.ts';

/** The error table as Markdown, for the README. */
export function renderErrorReference(): string {
  const rows = (Object.keys(ERROR_TABLE) as ErrorCode[]).map((code) => {
    const { meaning, cure, retry, exitCode } = ERROR_TABLE[code];
    const daemon = retry === 'backoff' ? 'tries again' : 'stops';
    return `| \`${code}\` | ${exitCode} | ${daemon} | ${cell(meaning)} | ${cell(cure)} |`;
  });
  const head = ['| code | exit | the daemon | meaning | cure |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<');
}
