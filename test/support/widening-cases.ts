/** A type that becomes a wider one, with values at the ends of both. */
export interface WideningCase {
  readonly from: string;
  readonly to: string;
  readonly values: readonly string[];
  /** What only the wider one holds. */
  readonly wider: readonly string[];
  /** Only the catalog changes: the file of the table stays. */
  readonly inCatalog?: true;
  /** The first major version of PostgreSQL that has the types. */
  readonly since?: number;
}

const INT2 = ['-32768', '0', '32767'];
const INT4 = ['-2147483648', '0', '2147483647'];
const INT8 = ['-9223372036854775808', '9007199254740993', '9223372036854775807'];
const REALS = ['NaN', 'Infinity', '-Infinity', '-0', '3.4028235e38', '1e-45', '0.1', '16777217'];
const TEXTS = ['', ' ', 'ab ', 'é€😀', 'it\'s \\ "q"', 'NULL', '{},'];
const LONG = 'w'.repeat(300);
const CLOCK = ['00:00:00', '23:59:59'];
const INSTANTS = [
  'infinity',
  '-infinity',
  '4713-01-01 00:00:00 BC',
  '0001-01-01 00:00:00',
  '2024-02-29 23:59:59',
  '290000-12-31 23:59:59',
];
const LABELS = ['sad', 'happy, or not', "it's"];

/** Every pair of scalars that the sink widens. */
const SCALARS: readonly WideningCase[] = [
  { from: 'smallint', to: 'integer', values: INT2, wider: INT4 },
  { from: 'smallint', to: 'bigint', values: INT2, wider: INT8 },
  { from: 'integer', to: 'bigint', values: INT4, wider: INT8 },
  { from: 'oid', to: 'bigint', values: ['0', '4294967295'], wider: INT8 },
  { from: 'smallint', to: 'numeric(5,0)', values: INT2, wider: ['-99999'] },
  { from: 'integer', to: 'numeric(12,2)', values: INT4, wider: ['9999999999.99'] },
  { from: 'bigint', to: 'numeric', values: INT8, wider: ['18446744073709551616.5'] },
  { from: 'bigint', to: 'numeric(19,0)', values: INT8, wider: ['9999999999999999999'] },
  {
    from: 'numeric(6,2)',
    to: 'numeric(12,2)',
    values: ['-9999.99', '0.00', '1.10', 'NaN'],
    wider: ['9999999999.99'],
    inCatalog: true,
  },
  {
    from: 'numeric(6,2)',
    to: 'numeric(8,4)',
    values: ['-9999.99', '1.10', 'NaN'],
    wider: ['-9999.9999'],
  },
  {
    from: 'numeric(6,2)',
    to: 'numeric',
    values: ['-9999.99', '1.10', 'NaN'],
    wider: ['123456789012345678901234567890.123'],
    inCatalog: true,
  },
  {
    from: 'numeric(4,-2)',
    to: 'numeric(6,0)',
    values: ['999900', '-100'],
    wider: ['-999999'],
    since: 15,
  },
  { from: 'smallint', to: 'real', values: INT2, wider: REALS },
  { from: 'smallint', to: 'double precision', values: INT2, wider: ['0.1', '5e-324'] },
  { from: 'integer', to: 'double precision', values: INT4, wider: ['0.1', 'NaN'] },
  { from: 'real', to: 'double precision', values: REALS, wider: ['0.1', '5e-324', '-1e308'] },
  { from: 'character(3)', to: 'character(5)', values: ['', 'ab', '€€€'], wider: ['abcde'] },
  { from: 'character(3)', to: 'bpchar', values: ['', 'ab', 'abc'], wider: [LONG], inCatalog: true },
  { from: 'character(5)', to: 'character varying(9)', values: ['', 'a b', '€'], wider: ['a   '] },
  { from: 'character(5)', to: 'text', values: ['', 'a b', '€'], wider: ['a   '] },
  { from: 'bpchar', to: 'text', values: ['', 'a b', '€  '], wider: ['a   '] },
  {
    from: 'character varying(20)',
    to: 'character varying(300)',
    values: TEXTS,
    wider: [LONG],
    inCatalog: true,
  },
  {
    from: 'character varying(20)',
    to: 'character varying',
    values: TEXTS,
    wider: [LONG],
    inCatalog: true,
  },
  { from: 'character varying(20)', to: 'text', values: TEXTS, wider: [LONG], inCatalog: true },
  { from: 'name', to: 'text', values: ['', 'x'.repeat(63)], wider: [LONG] },
  { from: 'name', to: 'character varying(63)', values: ['x'.repeat(63)], wider: ['€'.repeat(63)] },
  { from: 'mood', to: 'text', values: LABELS, wider: [LONG] },
  { from: 'mood', to: 'character varying(80)', values: LABELS, wider: ['w'.repeat(80)] },
  { from: 'bit(4)', to: 'bit varying(8)', values: ['0000', '0011', '1111'], wider: ['11111111'] },
  {
    from: 'bit(4)',
    to: 'bit varying',
    values: ['0000', '0011', '1111'],
    wider: ['1111111111'],
    inCatalog: true,
  },
  {
    from: 'bit varying(4)',
    to: 'bit varying(16)',
    values: ['1', '1111', '10'],
    wider: ['1111111111111111'],
    inCatalog: true,
  },
  ...['time', 'timestamp'].flatMap((name) =>
    ['without time zone', 'with time zone'].map((zone): WideningCase => {
      const isTime = name === 'time';
      return {
        from: `${name}(0) ${zone}`,
        to: `${name}(3) ${zone}`,
        values: isTime ? CLOCK : INSTANTS,
        wider: [`${isTime ? '' : '2024-02-29 '}12:34:56.789`],
        inCatalog: true,
      };
    }),
  ),
  {
    from: 'timestamp(3) without time zone',
    to: 'timestamp without time zone',
    values: [...INSTANTS, '2024-02-29 12:34:56.789'],
    wider: ['2024-02-29 12:34:56.789012'],
    inCatalog: true,
  },
  {
    from: 'interval(0)',
    to: 'interval(3)',
    values: ['0', '1 year -2 mons 3 days -04:05:06'],
    wider: ['00:00:00.789'],
    inCatalog: true,
  },
  {
    from: 'interval day to second(2)',
    to: 'interval',
    values: ['0', '3 days -04:05:06.25'],
    wider: ['1 year 00:00:00.000001'],
    inCatalog: true,
  },
  {
    from: 'cidr',
    to: 'inet',
    values: ['10.0.0.0/8', '::/0'],
    wider: ['192.168.1.5/24'],
    inCatalog: true,
  },
];

const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The same for arrays, whose rows stay only where nothing but a limit goes. */
function ofArrays({ from, to, values, wider, since, inCatalog }: WideningCase): WideningCase {
  const all = values.map(quoted).join(',');
  return {
    from: `${from}[]`,
    to: `${to}[]`,
    values: ['{}', `{${all},NULL}`],
    wider: [`{${wider.map(quoted).join(',')}}`],
    ...(since === undefined ? {} : { since }),
    ...(inCatalog === true && !/\d|^text$/.test(to) ? { inCatalog } : {}),
  };
}

/** Of these the source captures no arrays, or not as what they are. */
const WITHOUT_ARRAYS = /^(?:oid|name|bit|interval|cidr|bpchar)/;

export const WIDENING_CASES: readonly WideningCase[] = [
  ...SCALARS,
  ...SCALARS.filter(({ from }) => !WITHOUT_ARRAYS.test(from)).map(ofArrays),
];
