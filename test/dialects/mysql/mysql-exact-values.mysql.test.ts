import { expect, test } from 'vitest';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { mysqlEncoder } from '../../../dialects/mysql/mysql-literals.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import { data, time } from '../../support/mysql-target-cases.ts';
import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';

/*
 * Values of every form into columns that somebody has made otherwise: the server, strict as the
 * session is, would round, cut, pad or misread many of them without an error.
 */

const COLUMNS = `tinyint; smallint; int; int unsigned; bigint; bigint unsigned; decimal(5,1);
  decimal(30,10); float; double; float(7,2); double(7,2); bit(1); bit(8); year; char(3); char(40);
  varchar(3); varchar(40); tinytext; text; longtext; enum('a','b','2x'); set('a','b'); binary(2);
  binary(4); varbinary(8); blob; date; time; time(3); datetime; datetime(3); datetime(6);
  timestamp(6); json`.split(/;\s+/);

interface ValueCase {
  readonly name: string;
  readonly schema: Omit<ConnectSchema, 'optional'>;
  readonly value: ConnectValue;
  /** How a column may show it, as `plain` writes that. */
  readonly shown: readonly string[];
}

const decimal = (unscaled: bigint, scale: number, shown: string): ValueCase => ({
  name: `decimal ${shown}`,
  schema: {
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    parameters: { scale: String(scale) },
  },
  value: { unscaled, scale },
  shown: [shown],
});
const primitive = (
  type: ConnectSchema['type'],
  value: ConnectValue,
  ...shown: readonly string[]
): ValueCase => ({ name: `${type} ${shown[0]}`, schema: { type }, value, shown });
const semantic = (
  type: ConnectSchema['type'],
  name: string,
  value: ConnectValue,
  ...shown: readonly string[]
): ValueCase => ({ name: `${name} ${shown[0]}`, schema: { type, name }, value, shown });

const VALUES: readonly ValueCase[] = [
  primitive('int32', 70, '70'),
  primitive('int32', -1, '-1'),
  primitive('int64', 9_007_199_254_740_993n, '9007199254740993'),
  primitive('float64', 0.1, '0.1'),
  primitive('float64', 1.5, '1.5'),
  primitive('float64', 1e300, '1e+300'),
  primitive('float32', Math.fround(0.1), '0.10000000149011612'),
  primitive('boolean', true, '1'),
  decimal(150n, 2, '1.5'),
  decimal(1_234_567_890_123_456_789n, 2, '12345678901234567.89'),
  primitive('string', 'a   ', 'a   '),
  primitive('string', 'abcdef', 'abcdef'),
  primitive('string', 'A', 'A'),
  primitive('string', '', ''),
  primitive('string', '2', '2'),
  primitive('string', '1.25', '1.25'),
  primitive('string', '12:30:00', '12:30'),
  primitive('string', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
  primitive('bytes', Buffer.from('ff', 'hex'), 'ff'),
  primitive('bytes', Buffer.from('ABCD'), '41424344', 'ABCD'),
  semantic('int32', time('Date'), 20_000, '20000', '2024-10-04'),
  semantic(
    'int64',
    time('MicroTimestamp'),
    1_767_225_600_000_000n,
    '1767225600000000',
    '2026-01-01',
  ),
  semantic(
    'int64',
    time('MicroTimestamp'),
    1_767_225_601_000_100n,
    '1767225601000100',
    '2026-01-01 00:00:01.0001',
  ),
  semantic('int64', time('MicroTime'), 45_296_000_001n, '45296000001', '12:34:56.000001'),
  semantic(
    'string',
    time('ZonedTimestamp'),
    '2026-01-02T03:04:05.678Z',
    '2026-01-02T03:04:05.678Z',
    '2026-01-02 03:04:05.678',
  ),
  semantic('string', data('Enum'), 'b', 'b'),
  semantic('string', data('Json'), '{"a": 1}', '{"a": 1}'),
  semantic(
    'string',
    data('Uuid'),
    '6b2c1b0e-5d7e-4c59-9f1c-0d9f6e5a1b2c',
    '6b2c1b0e-5d7e-4c59-9f1c-0d9f6e5a1b2c',
    '6b2c1b0e5d7e4c599f1c0d9f6e5a1b2c',
  ),
];

/** One text for equal numbers and times. */
function plain(text: string): string {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  const clock = text.replace(/(:\d\d\.\d*?)0+$/, '$1').replace(/\.$/, '');
  return clock.replace(/^(\d{4}-\d\d-\d\d)[ T]00:00:00$/, '$1').replace(/^(-?\d\d:\d\d):00$/, '$1');
}

function expression(type: string, name: string): string {
  if (type.startsWith('bit')) return `CAST(${name} + 0 AS CHAR)`;
  if (type.startsWith('float')) return `CAST(${name} + 0e0 AS CHAR)`;
  return /binary|blob/.test(type) ? `LOWER(HEX(${name}))` : `CAST(${name} AS CHAR)`;
}

/** Texts in columns of bytes are shown as their digits. */
function isShown(type: string, got: string, { shown }: ValueCase): boolean {
  const texts = shown.flatMap((text) => [text, plain(text)]);
  const readings = [got, plain(got)];
  if (/binary|blob/.test(type)) readings.push(plain(Buffer.from(got, 'hex').toString()));
  // A double has an exponent where it is long.
  if (/^double|json/.test(type) && /e/.test(got)) readings.push(String(Number(got)));
  return readings.some((one) => texts.includes(one));
}

describeMysqlTargets(() => {
  test('arrives as it is, or is refused: nothing between (S16, S18, S24)', async () => {
    await using target = await mysqlSinkTarget();
    const session = await target.open();
    const columns = COLUMNS.map((type, i) => `c${i} ${type} NULL`);
    await session.query(`CREATE TABLE t (id int PRIMARY KEY, ${columns.join()})`);
    const types = await target.query<{ name: string; type: string }>(
      `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME LIKE 'c%'`,
    );
    const changed: string[] = [];
    let taken = 0;
    await session.begin();
    for (const one of VALUES) {
      for (const { name, type } of types) {
        const given = COLUMNS[Number(name.slice(1))] as string;
        const schema: ConnectSchema = { ...one.schema, optional: true };
        try {
          const literal = mysqlEncoder(schema, { name, type } as TargetColumn).encode(one.value);
          await session.query(`INSERT INTO t (id, ${name}) VALUES (1, ${literal})`);
        } catch {
          continue;
        }
        const sql = `SELECT ${expression(given, name)} AS v FROM t; DELETE FROM t`;
        const { rows } = await session.query(sql.split('; ')[0] as string);
        await session.query(sql.split('; ')[1] as string);
        const got = String(rows[0]?.['v']);
        if (isShown(given, got, one)) taken++;
        else changed.push(`${one.name} in ${given}: ${got}`);
      }
    }
    await session.rollback();
    await session.close();
    expect(changed).toEqual([]);
    expect(taken).toBeGreaterThan(200);
  });
});
