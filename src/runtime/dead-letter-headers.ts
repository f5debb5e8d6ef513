import type { ErrorCode } from '../foundation/error-table.ts';
import { ERROR_TABLE } from '../foundation/error-table.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { ErrorStage } from '../model/record-failure.ts';
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

/** What a dead letter says of itself. */
export interface LetterContext extends LetterOrigin {
  readonly sink: string;
  readonly stage: string;
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** Classes of the Java side, by the stage; people's programs look for these names. */
export type StageClasses = Readonly<Record<ErrorStage, string>>;

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
  { stage, error }: { readonly stage: ErrorStage; readonly error: TidemarkError },
  classes: StageClasses,
): readonly RecordHeader[] {
  const exception = EXCEPTIONS[stage];
  const texts: readonly (readonly [string, string])[] = [
    [`${PREFIX}topic`, topic],
    [`${PREFIX}partition`, String(partition)],
    [`${PREFIX}offset`, String(offset)],
    [`${PREFIX}connector.name`, sink],
    [`${PREFIX}task.id`, '0'],
    [`${PREFIX}stage`, stage],
    [`${PREFIX}class.name`, classes[stage]],
    [`${PREFIX}exception.class.name`, exception],
    [`${PREFIX}exception.message`, error.message],
    [`${PREFIX}exception.stacktrace`, stackTrace(exception, error)],
    [CODE, error.code],
    [GENERATION, String(generation)],
  ];
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
  const text = (name: string): string | null =>
    // What failed before, in another sink, stands in front.
    headers.findLast((header) => header.name === name)?.value?.toString() ?? null;
  const topic = text(`${PREFIX}topic`);
  const partition = Number(text(`${PREFIX}partition`) ?? Number.NaN);
  const offset = Number(text(`${PREFIX}offset`) ?? Number.NaN);
  if (topic === null || !Number.isInteger(partition) || !Number.isInteger(offset)) return null;
  const code = text(CODE);
  return {
    topic,
    partition,
    offset,
    generation: Number(text(GENERATION) ?? 1),
    sink: text(`${PREFIX}connector.name`) ?? '',
    stage: text(`${PREFIX}stage`) ?? '',
    code: code !== null && code in ERROR_TABLE ? (code as ErrorCode) : null,
    message: text(`${PREFIX}exception.message`) ?? '',
  };
}

/** The headers that the record had in the log. */
export function originalHeaders(headers: readonly RecordHeader[]): readonly RecordHeader[] {
  const begin = headers.findLastIndex(({ name }) => name === `${PREFIX}topic`);
  return begin < 0 ? headers : headers.slice(0, begin);
}
