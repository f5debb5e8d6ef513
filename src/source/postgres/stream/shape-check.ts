import type {
  ChangeReceiver,
  PostgresRowChange,
  SchemaChange,
} from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { RowImage, ValueKind } from '../../../model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../../model/table-schema.ts';
import { EnumLabels } from './enum-labels.ts';
import type { ReplicationPosition } from './replication-position.ts';

const NONE: readonly never[] = [];

/**
 * Whether the rows of a relation fit its shape, where the server does not tell: an enum gets a
 * label without a new Relation (PITFALLS P85), and NOT NULL comes from a catalog that is newer than
 * the change, so that an older row may have a null there (P21). Without this such a row could never
 * be written, and the stream would stand still for good.
 */
export class ShapeCheck {
  readonly #labels: EnumLabels | null;
  readonly #readAt: Lsn;
  /** True once the catalog has to be asked again, whatever the rows are; null: never by itself. */
  readonly isDue: (() => boolean) | null;
  /** NOT NULL by a catalog that may be newer than the changes. */
  readonly #notNull: readonly ColumnSchema[];
  /** The same up to `#readAt`; empty from there on. */
  #required: readonly ColumnSchema[];

  private constructor(
    labels: EnumLabels | null,
    notNull: readonly ColumnSchema[],
    readAt: Lsn,
    isDue: (() => boolean) | null,
  ) {
    this.#labels = labels;
    this.#notNull = notNull;
    this.#required = notNull;
    this.#readAt = readAt;
    this.isDue = isDue;
  }

  /** `readAt`: the end of the WAL when the catalog had been read. Null: any row fits. */
  static of(
    table: TableSchema,
    readAt: Lsn,
    isDue: (() => boolean) | null = null,
  ): ShapeCheck | null {
    const labels = EnumLabels.of(table);
    const required = table.columns.filter(({ schema }) => !schema.optional);
    return labels === null && required.length === 0
      ? null
      : new ShapeCheck(labels, required, readAt, isDue);
  }

  /** The same for rows up to another position; the shape is not looked at again. */
  renewed(readAt: Lsn, isDue: (() => boolean) | null): ShapeCheck {
    return new ShapeCheck(this.#labels, this.#notNull, readAt, isDue);
  }

  /** Rows before this position may be older than the catalog that told NOT NULL. */
  get readAt(): Lsn {
    return this.#readAt;
  }

  fits(change: PostgresRowChange): boolean {
    if (this.isDue !== null && this.isDue()) return false;
    if (this.#required.length > 0) {
      if (change.lsn >= this.#readAt) this.#required = NONE;
      else if (this.unexpectedNulls(change).length > 0) return false;
    }
    return this.#labels === null || this.#labels.know(change);
  }

  /** Names of columns that are null in the row, though the shape says NOT NULL. */
  unexpectedNulls({ before, beforeIsKeyOnly, after }: PostgresRowChange): readonly string[] {
    let names: string[] | null = null;
    for (const { name, tupleIndex, identity } of this.#required) {
      // In a key-only old tuple the other columns are not null but unknown (P3).
      const told = before !== null && (identity || !beforeIsKeyOnly);
      const isNull =
        (told && before.kinds[tupleIndex] === ValueKind.null) ||
        after?.kinds[tupleIndex] === ValueKind.null;
      if (isNull) (names ??= []).push(name);
    }
    return names ?? NONE;
  }

  /** From here on a row like this fits: the catalog knows no better. */
  accept(change: PostgresRowChange): void {
    this.#labels?.accept(change);
  }
}

/** What knows the relations of a stream, as far as it matters here. */
export interface CheckedRelations {
  /** Asks the catalog again; a change when the shape differs. */
  relearn(relationId: number, change: PostgresRowChange): Promise<SchemaChange | null>;
  /** Learns and hands over before anybody else does. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Hands a change of shape to the receiver, once others know of it. */
  hand(change: SchemaChange, transactionId: number | null, receiver: ChangeReceiver): Promise<void>;
  lookup(relationId: number): CheckedRelation | undefined;
}

/** A relation whose rows may not fit the shape that is known. */
export interface CheckedRelation {
  readonly table: TableSchema | null;
  readonly check?: ShapeCheck | null;
  readonly watch: { row(change: PostgresRowChange): boolean } | null;
}

/** Hands a row that does not fit its shape over, after the shape that it fits. */
export async function withNewShape(
  relations: CheckedRelations,
  relationId: number,
  change: PostgresRowChange,
  receiver: ChangeReceiver,
  position: Pick<ReplicationPosition, 'takeBack' | 'event'>,
): Promise<void> {
  // Offsets are stored meanwhile: one that counted the row would have it nowhere after a crash.
  position.takeBack();
  const kept: PostgresRowChange = {
    ...change,
    before: copy(change.before),
    after: copy(change.after),
  };
  await relations.inTurn(async () => {
    const changed = await relations.relearn(relationId, kept);
    if (changed === null) return;
    await relations.hand({ ...changed, event: kept }, kept.transactionId, receiver);
  });
  position.event(kept.lsn);
  const relation = relations.lookup(relationId);
  if (relation === undefined || relation.table === null) return;
  kept.table = relation.table;
  if (relation.check?.fits(kept) === false) relation.check.accept(kept);
  if (relation.watch === null || relation.watch.row(kept)) receiver.row(kept);
}

function copy(image: RowImage | null): RowImage | null {
  if (image === null) return null;
  const kept = new RowImage();
  kept.copyFrom(image);
  return kept;
}
