import { ADDED_COLUMNS } from './golden-additions.ts';
import { escaped, type KnownDefect } from './golden-known-defects.ts';

const FIELD =
  String.raw`value\.(?:schema\.fields(?:\.(?:before|after)\.fields)?|` +
  String.raw`payload(?:\.(?:before|after))?|before|after)`;

/** Columns that the original leaves out: ours has them, with exactly these schemas and values. */
function added(columns: string): RegExp {
  const alternatives = columns.split('|').map((column) => {
    const texts = ['null', ...(ADDED_COLUMNS[column] ?? [])].map(escaped);
    return `${column}: not wanted: (?:${texts.join('|')})`;
  });
  return new RegExp(`^${FIELD}\\.(?:${alternatives.join('|')})$`);
}

function sourceType(columns: string, parameter: string, difference: string): RegExp {
  const name = String.raw`parameters\.__debezium\.source\.column\.${parameter}`;
  return new RegExp(String.raw`^${FIELD}\.(?:${columns})\.${name}: ${difference}$`);
}

/** A header that the original does not have, with exactly one of these values. */
function ownHeader(name: string, ...values: readonly string[]): RegExp {
  const texts = values.map(escaped).join('|');
  return new RegExp(`^headers\\.__tidemark\\.${escaped(name)}: not wanted: (?:${texts})$`);
}

/** Of the PostgreSQL connector, by their numbers in the list of what ours does better. */
export const POSTGRES_DEFECTS: readonly KnownDefect[] = [
  {
    name: '3: the scale of numeric(3,-2) is taken as 2046',
    topic: /t_negscale$/,
    lines: [
      new RegExp(`^${FIELD}\\.v\\.parameters\\.scale: want "2046", got "-2"$`),
      new RegExp(`^${FIELD}\\.v: want .*, got ("ew=="|"A\\+c="|"12300"|"99900")$`),
    ],
  },
  {
    name: '4: name columns are null while streaming',
    topic: /t_char$/,
    lines: [new RegExp(`^${FIELD}\\.c_name: want null, got "(nm|y|n{63})?"$`)],
  },
  {
    name: '4: arrays of bit(n) are null, those of money, interval and point left out',
    topic: /t_arr$/,
    lines: [
      added('a_money|a_interval|a_point'),
      new RegExp(`^${FIELD}\\.a_bit: want null, got (\\["Cg==","BQ=="\\]|\\[\\])$`),
      new RegExp(`^${FIELD}\\.a_bit\\.(type: want "bytes", got "array"$|items: not wanted: )`),
      new RegExp(`^${FIELD}\\.a_bit\\.(name|version|parameters): missing, want `),
    ],
  },
  {
    name: '4: arrays of domains are left out',
    topic: /t_dom$/,
    lines: [added('c_arr')],
  },
  { name: '4: multiranges are left out', topic: /t_range$/, lines: [added('c_mi4')] },
  {
    name: '4: geometric types other than point are left out',
    topic: /t_geo$/,
    lines: [added('c_line|c_lseg|c_box|c_path|c_polygon|c_circle')],
  },
  {
    name: '4: composites, tsquery, pg_lsn, jsonpath, xid and regclass are left out',
    topic: /t_unk$/,
    lines: [added('c_comp|c_tsquery|c_pglsn|c_jsonpath|c_xid|c_regclass')],
  },
  {
    name: "5: defaults with quotes or E'' are wrong",
    topic: /t_def$/,
    lines: [
      new RegExp(`^${FIELD}\\.d_varchar\\.default: want "it", got "it's"$`),
      new RegExp(`^${FIELD}\\.d_text\\.default: not wanted: "line\\\\nbreak"$`),
    ],
  },
  {
    name: '6: dates before 1582 and infinities differ between snapshot and stream',
    topic: /t_time$/,
    lines: [
      new RegExp(`^${FIELD}\\.c_date: want -\\d+, got (2147483647|-2147483648|-735160|-141432)$`),
      new RegExp(`^${FIELD}\\.c_date: want ".*Z", got "(-?infinity|-0043-03-15Z|1582-10-10Z)"$`),
    ],
  },
  {
    name: '7: NaN and infinities of numeric are null; ours says so in a header',
    topic: /t_num$/,
    lines: [
      ownHeader(
        'unconverted',
        '["after.c_num"]',
        '["after.c_num","after.c_num10_2","after.c_num38_10","after.c_num5_0","after.c_dec"]',
      ),
    ],
  },
  {
    name: '9: a partitioned table is read twice',
    topic: /t_part$/,
    lines: [/^missing: \{"id":(?:1,"region":"eu"|2,"region":"us")\}$/],
  },
  {
    name: '14: absent values are told in a header',
    topic: /t_toast$/,
    lines: [
      ownHeader(
        'absent',
        '["big"]',
        '["bigj","bigb","biga","bign","bigh","bigia"]',
        '["big","bigj","bigb","biga","bign","bigh","bigia"]',
      ),
      // On the delete of a key that moved, for readers whose create lies in another partition.
      ownHeader('newkey.absent', '["big","bigj","bigb","biga","bign","bigh","bigia"]'),
    ],
  },
  {
    name: '14: absent values are told in a header',
    topic: /t_ri_index$/,
    lines: [ownHeader('absent', '["id"]')],
  },
  {
    name: 'serial types and the size of bare numeric are told in the snapshot only',
    topic: /t_num$/,
    lines: [
      sourceType('c_ss|c_s|c_bs', 'type', 'want "(?:SMALL|BIG)?SERIAL", got "INT[248]"'),
      sourceType('c_num', 'length', 'want "0", got "131089"'),
      sourceType('c_num', 'scale', 'not wanted: "0"'),
    ],
  },
  {
    name: 'generated columns are in the snapshot only, and a row must be the same in both',
    topic: /t_def$/,
    lines: [new RegExp(`^${FIELD}\\.(g_sum|g_txt): missing, want `)],
  },
  {
    name: 'the window of a chunk that could not be read is never closed',
    topic: /dbz_signal$/,
    lines: [/^a window is closed$/],
  },
  {
    name: 'nullability is read from the catalog of a later moment',
    topic: /t_evo$/,
    lines: [new RegExp(`^${FIELD}\\.a\\.optional: want (false, got true|true, got false)$`)],
  },
];
