import { randomUUID } from 'node:crypto';

/** A signal to a source, as every channel brings it (Debezium's form, FEATURES A1.4). */
export interface SourceSignal {
  readonly id: string;
  /** `execute-snapshot`, `stop-snapshot`, `pause-snapshot`, `resume-snapshot` or `log`. */
  readonly type: string;
  /** JSON text. */
  readonly data: string | null;
}

/**
 * Reads `{"type": …, "data": {…}, "id": …}`; data may be JSON text as well, and a signal without id
 * gets one. Null: it is no signal.
 */
export function sourceSignalOf(value: unknown): SourceSignal | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { id, type, data } = value as Record<string, unknown>;
  if (typeof type !== 'string' || type === '') return null;
  if (id !== undefined && id !== null && typeof id !== 'string') return null;
  const text = data === undefined || data === null ? null : jsonText(data);
  return { id: id === undefined || id === null || id === '' ? randomUUID() : id, type, data: text };
}

/** As `sourceSignalOf`, from JSON. */
export function parseSourceSignal(text: string): SourceSignal | null {
  try {
    return sourceSignalOf(JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

function jsonText(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data);
}
