import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { recordedBinlog } from '../support/binlog-events.ts';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

const BINLOG = path.join(import.meta.dirname, '..', 'golden', 'binlog', 'mysql-9.7.binlog');

test('prints a line for each event and row', async () => {
  const { code, stdout, stderr } = await runProgram(['decode', BINLOG]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toContain('"type":"FORMAT_DESCRIPTION"');
  const rows = await runProgram(['decode', BINLOG, '--rows-only']);
  expect(rows.stdout.trimEnd().split('\n')).toEqual(
    lines.filter((line) => line.includes(',"op":"')),
  );
});

test('damaged bytes: the lines before, the position, and exit code 1', async () => {
  await using folder = await pipelineFolder('');
  const file = path.join(path.dirname(folder.file), 'damaged');
  const bytes = recordedBinlog('mysql-9.7');
  bytes[bytes.length - 10] = 0;
  await writeFile(file, bytes);
  const { code, stdout, stderr } = await runProgram(['decode', file]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^DECODE {2}ROTATE at \d+: checksum/);
  expect(stdout.trimEnd().split('\n').length).toBeGreaterThan(100);
});

test('a file that is not there', async () => {
  const { code, stderr } = await runProgram(['decode', '/nowhere/binlog.000001']);
  expect(stderr).toMatch(/^USAGE {2}\/nowhere\/binlog\.000001: there is no such file/);
  expect(code).toBe(2);
});
