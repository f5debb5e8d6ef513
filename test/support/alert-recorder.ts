import type { SchemaChangesConfig } from '../../src/config/schema-section.ts';
import { COMPATIBILITY_LEVELS } from '../../src/converter/registry/compatibility.ts';
import type { CompatibilityLevel } from '../../src/converter/registry/compatibility.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type { ShapeChange } from '../../src/evolution/shape-difference.ts';
import { judgeSubject, verdictOf } from '../../src/evolution/verdict.ts';
import type { SubjectVerdict, Verdict } from '../../src/evolution/verdict.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { AlertEvent, AlertOutlet } from '../../src/model/alert.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import type { ShapeJudge } from '../../src/runtime/schema-alerts.ts';
import { SchemaAlerts } from '../../src/runtime/schema-alerts.ts';
import { StoredShapes } from '../../src/runtime/stored-shapes.ts';
import { MemoryDocuments } from './memory-documents.ts';

/** Alerts of shapes as a pipeline raises them, judged under all levels at once. */
export class AlertRecorder implements AlertOutlet, ShapeJudge {
  readonly documents = new MemoryDocuments();
  readonly events: AlertEvent[] = [];
  /** How often what was raised already was raised again. */
  repeated = 0;
  /** Fails instead of taking alerts. */
  failing: Error | null = null;
  readonly #envelope: EnvelopeOptions;

  constructor(connector: EnvelopeOptions['connector']) {
    this.#envelope = {
      topicPrefix: 'shop',
      connector,
      version: '1',
      database: 'shop',
      tombstonesOnDelete: true,
      unavailableValuePlaceholder: '',
      absentHeader: false,
      // Names of tables and columns may be no names of Avro.
      schemaNameAdjustment: 'avro',
      fieldNameAdjustment: 'avro',
    };
  }

  /** What a reader is given; another one after a restart, over the same documents. */
  listener(policies?: SchemaChangesConfig): SchemaAlerts {
    const shapes = new StoredShapes(this.documents, 'tested');
    return new SchemaAlerts({
      pipeline: 'tested',
      shapes,
      outlet: this,
      judge: this,
      clock: systemClock,
      ...(policies === undefined ? {} : { policies }),
    });
  }

  async raise(event: AlertEvent): Promise<void> {
    if (this.failing !== null) throw this.failing;
    if (this.events.some(({ id }) => id === event.id)) this.repeated++;
    else this.events.push(event);
    return Promise.resolve();
  }

  /** Of a table, without its schema. */
  of(table: string): readonly AlertEvent[] {
    return this.events.filter((event) => event.table?.split('.')[1] === table);
  }

  judge(
    changes: readonly ShapeChange[],
    before: TableSchema | null,
    after: TableSchema | null,
    problem: string | null,
  ): Promise<Verdict> {
    const levels = COMPATIBILITY_LEVELS.map((level) => {
      const subjects = before && after ? this.#subjects(level, before, after) : [];
      return [level, verdictOf(changes, subjects, [], problem)] as const;
    });
    const [, first] = levels[0] ?? [];
    if (first === undefined) throw new Error('no level');
    const grades = Object.fromEntries(levels.map(([level, { grade }]) => [level, grade]));
    const subject = {
      subject: JSON.stringify(grades),
      level: null,
      grade: 'info',
      text: '',
    } as const;
    return Promise.resolve({ ...first, subjects: [{ ...subject, isRefused: false }] });
  }

  #subjects(
    level: CompatibilityLevel,
    before: TableSchema,
    after: TableSchema,
  ): readonly SubjectVerdict[] {
    const [old, now] = [before, after].map((table) => tableRecordSchemas(table, this.#envelope));
    const pairs = [
      ['key', old?.key, now?.key],
      ['value', old?.envelope, now?.envelope],
    ] as const;
    return pairs.flatMap(([subject, was, is]) =>
      was && is ? (judgeSubject({ subject, level, before: was, after: is }) ?? []) : [],
    );
  }
}

/**
 * The grades of an alert as letters: under NONE, BACKWARD, FORWARD and FULL. A transitive level has
 * that of its own kind where there is one version before.
 */
export function gradesOf({ details }: AlertEvent): string {
  const [subject] = details['subjects'] as readonly SubjectVerdict[];
  const grades = JSON.parse(subject?.subject ?? '{}') as Record<CompatibilityLevel, string>;
  for (const level of ['BACKWARD', 'FORWARD', 'FULL'] as const) {
    if (grades[`${level}_TRANSITIVE`] !== grades[level]) throw new Error(`${level} differs`);
  }
  return [grades.NONE, grades.BACKWARD, grades.FORWARD, grades.FULL]
    .map((grade) => grade[0])
    .join('');
}
