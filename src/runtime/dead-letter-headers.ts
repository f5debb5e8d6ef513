import type { ErrorCode } from '../foundation/error-table.ts';
import { ERROR_TABLE } from '../foundation/error-table.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { ErrorStage, RecordFailure } from '../model/record-failure.ts';
import { TransformFailure } from '../transform/transform-failure.ts';
import type { RecordHeader } from '../transport/transport.ts';

const PREFIX = '__connect.errors.';
const CODE = '__tidemark.errors.code';
const GENERATION = '__tidemark.errors.generation';

/** Where a record stood that became a dead letter. */
export interface LetterOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly generation: number;
}

/** What a dead letter says of its failure. */
export interface LetterFailure {
  /** Of the sink; of a source the name of the pipeline. */
  readonly connector: string;
  /** Where the record stood, or was to go. */
  readonly topic: string;
  readonly stage: string;
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** What a dead letter of a sink says of itself. */
export interface LetterContext extends LetterOrigin, Omit<LetterFailure, 'connector'> {
  readonly sink: string;
}

/** Classes of the Java side, by the stage; people's programs look for these names. */
export interface StageClasses extends Readonly<Record<ErrorStage, string>> {
  /** Of the transforms that have a Java class, by their names in the properties. */
  readonly transforms?: ReadonlyMap<string, string>;
}

/** What Connect throws in a stage. */
const EXCEPTIONS: StageClasses = {
  KEY_CONVERTER: 'org.apache.kafka.connect.errors.DataException',
  VALUE_CONVERTER: 'org.apache.kafka.connect.errors.DataException',
  TRANSFORMATION: 'org.apache.kafka.connect.errors.DataException',
  TASK_PUT: 'org.apache.kafka.connect.errors.ConnectException',
};

/** Connect's headers of a dead letter, in its order, all texts; behind them two of ours. */
export function letterHeaders(
  { topic, partition, offset, generation }: LetterOrigin,
  sink: string,
  { stage, error }: RecordFailure,
  classes: StageClasses,
): readonly RecordHeader[] {
  return headersOf([
    [`${PREFIX}topic`, topic],
    [`${PREFIX}partition`, String(partition)],
    [`${PREFIX}offset`, String(offset)],
    ...failureTexts(sink, { stage, error }, classes),
    [GENERATION, String(generation)],
  ]);
}

/**
 * The same of what a source could make no record of, which stands nowhere in the log: without
 * partition, offset and generation. Connect has no dead letters of sources.
 */
export function sourceLetterHeaders(
  topic: string,
  pipeline: string,
  failure: RecordFailure,
  classes: StageClasses,
): readonly RecordHeader[] {
  return headersOf([[`${PREFIX}topic`, topic], ...failureTexts(pipeline, failure, classes)]);
}

type HeaderText = readonly [name: string, text: string];

function failureTexts(
  connector: string,
  { stage, error }: RecordFailure,
  classes: StageClasses,
): readonly HeaderText[] {
  const exception = EXCEPTIONS[stage];
  return [
    [`${PREFIX}connector.name`, connector],
    [`${PREFIX}task.id`, '0'],
    [`${PREFIX}stage`, stage],
    [`${PREFIX}class.name`, classOf({ stage, error }, classes)],
    [`${PREFIX}exception.class.name`, exception],
    [`${PREFIX}exception.message`, error.message],
    [`${PREFIX}exception.stacktrace`, stackTrace(exception, error)],
    [CODE, error.code],
  ];
}

function classOf({ stage, error }: RecordFailure, classes: StageClasses): string {
  const { transform = null } = error instanceof TransformFailure ? error : {};
  const own = transform === null ? undefined : classes.transforms?.get(transform);
  return own ?? classes[stage];
}

function headersOf(texts: readonly HeaderText[]): readonly RecordHeader[] {
  return texts.map(([name, text]) => ({ name, value: Buffer.from(text) }));
}

/** As Java prints it; without the cause, which may quote values of rows. */
function stackTrace(exception: string, { message, stack = '' }: TidemarkError): string {
  const frames = stack.split('\n').flatMap((line) => {
    const frame = /^ {4}at (.*)$/.exec(line)?.[1];
    return frame === undefined ? [] : `\tat ${frame}\n`;
  });
  return `${exception}: ${message}\n${frames.join('')}`;
}

/** Null: they do not say where the record stood. */
export function letterContext(headers: readonly RecordHeader[]): LetterContext | null {
  const failure = letterFailure(headers);
  const own = headers.slice(beginOf(headers));
  const partition = Number(textIn(own, `${PREFIX}partition`) ?? Number.NaN);
  const offset = Number(textIn(own, `${PREFIX}offset`) ?? Number.NaN);
  if (failure === null || !Number.isInteger(partition) || !Number.isInteger(offset)) return null;
  const { connector: sink, ...rest } = failure;
  return { ...rest, partition, offset, generation: Number(textIn(own, GENERATION) ?? 1), sink };
}

/** Of a source; null: they are another's. */
export function sourceLetterContext(headers: readonly RecordHeader[]): LetterFailure | null {
  const own = headers.slice(beginOf(headers));
  return textIn(own, `${PREFIX}partition`) === null ? letterFailure(own) : null;
}

function letterFailure(headers: readonly RecordHeader[]): LetterFailure | null {
  const topic = textIn(headers, `${PREFIX}topic`);
  if (topic === null) return null;
  const code = textIn(headers, CODE);
  return {
    topic,
    connector: textIn(headers, `${PREFIX}connector.name`) ?? '',
    stage: textIn(headers, `${PREFIX}stage`) ?? '',
    code: code !== null && code in ERROR_TABLE ? (code as ErrorCode) : null,
    message: textIn(headers, `${PREFIX}exception.message`) ?? '',
  };
}

/** What failed before, in another sink, stands in front. */
function textIn(headers: readonly RecordHeader[], name: string): string | null {
  return headers.findLast((header) => header.name === name)?.value?.toString() ?? null;
}

function beginOf(headers: readonly RecordHeader[]): number {
  return Math.max(
    0,
    headers.findLastIndex(({ name }) => name === `${PREFIX}topic`),
  );
}

/** The headers that the record had in the log. */
export function originalHeaders(headers: readonly RecordHeader[]): readonly RecordHeader[] {
  const begin = headers.findLastIndex(({ name }) => name === `${PREFIX}topic`);
  return begin < 0 ? headers : headers.slice(0, begin);
}
