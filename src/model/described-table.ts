/** A column as Debezium describes it; what is absent becomes null. */
export interface DescribedColumn {
  readonly name: string;
  readonly jdbcType: number;
  readonly typeName: string;
  readonly typeExpression?: string;
  readonly charsetName?: string | null;
  readonly length?: number;
  readonly scale?: number;
  readonly position: number;
  readonly optional?: boolean;
  readonly autoIncremented?: boolean;
  readonly generated?: boolean;
  readonly comment?: string | null;
  readonly defaultValueExpression?: string;
  readonly enumValues?: readonly string[];
}

/** One entry of `tableChanges`. */
export interface DescribedChange {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  /** `"db"."table"` */
  readonly id: string;
  readonly comment?: string | null;
  /** Absent: it was dropped. */
  readonly table?: {
    readonly defaultCharsetName: string | null;
    readonly primaryKeyColumnNames: readonly string[];
    readonly columns: readonly DescribedColumn[];
  };
}
