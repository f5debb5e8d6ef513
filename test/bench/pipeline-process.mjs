/**
 * The daemon under measurement, as a process of its own: runs a pipeline file and notes when how
 * many records were durable. Talks with the benchmark over the fork's channel. It loads the built
 * program, which is what users run: types are stripped at build time, not at every start.
 *
 * Usage: pipeline-process.mjs <pipeline file> <folder with the built sources>
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {{ kind: 'expect', records: number, counted: 'on' | 'anew' }} Expectation */
/** @typedef {{ kind: 'apply', records: number }} Application */
/** @typedef {Expectation | Application | { kind: 'stop' }} BenchCommand */

const [file = '', root = ''] = process.argv.slice(2);

/** @param {string} module */
const load = async (module) => await import(pathToFileURL(path.join(root, module)).href);

/** How often what sinks have committed is looked at. */
const CHECK_MS = 20;

let expected = Number.POSITIVE_INFINITY;
let seen = 0;
/** @type {[number, number][]} */
let durable = [];
let cpuAtStart = { user: 0, system: 0 };

const [{ loadPipelineFile }, { systemClock }, { noFaults }, { composePipeline }, { silentLogger }] =
  await Promise.all(
    [
      'config/pipeline-file.js',
      'foundation/clock.js',
      'foundation/fault-points.js',
      'runtime/compose-pipeline.js',
      'runtime/logger.js',
    ].map(load),
  );

const composed = await composePipeline(loadPipelineFile(file), {
  clock: systemClock,
  logger: silentLogger(),
  fault: noFaults,
  /** @param {number} records */
  onDurable: (records) => {
    if (records === 0) return;
    seen += records;
    durable.push([seen, monotonicMs()]);
    reportWhenReached();
  },
});

process.on('message', (/** @type {BenchCommand} */ command) => {
  if (command.kind === 'expect') {
    if (command.counted === 'anew') countAnew();
    expected = command.records;
    reportWhenReached();
  } else if (command.kind === 'apply') {
    const { records } = command;
    const timer = setInterval(() => {
      const applied = composed.pipeline.status().sinks.map((sink) => sink.applied);
      const all = applied.reduce((sum, one) => sum + one, 0);
      if (all < records) return;
      clearInterval(timer);
      process.send?.({ kind: 'applied', records: all });
    }, CHECK_MS);
  } else {
    const end = () => process.disconnect();
    composed.pipeline.stop().then(end, end);
  }
});
composed.pipeline.start();
composed.pipeline.finished.catch((/** @type {unknown} */ error) => {
  process.send?.({ kind: 'failed', message: String(error) });
});
process.send?.({ kind: 'ready' });

function reportWhenReached() {
  if (seen < expected) return;
  const cpu = process.cpuUsage(cpuAtStart);
  process.send?.({
    kind: 'reached',
    firstAtMs: durable[0]?.[1] ?? 0,
    lastAtMs: durable.at(-1)?.[1] ?? 0,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakMb: peakMegabytes(),
    durable,
  });
  expected = Number.POSITIVE_INFINITY;
  countAnew();
}

function countAnew() {
  seen = 0;
  durable = [];
  cpuAtStart = process.cpuUsage();
}

/** The clock that all processes of a machine share; what is added to a wall clock shifts them. */
function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

function peakMegabytes() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
