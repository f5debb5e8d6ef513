import { jsonOf, searchField } from '../../dialects/search/search-field-types.ts';
import type { JsonNode, JsonObject } from '../../src/foundation/lossless-json.ts';
import { isJsonObject } from '../../src/foundation/lossless-json.ts';
import type { SearchSample } from './search-samples.ts';
import { searchSamples } from './search-samples.ts';
import type { Family } from './value-texts.ts';

const HEAD = `## Into search indices

What the mapping has for every type, and how a value stands in the document. The document
has every value with all its digits, whatever the index makes of it. \`test/dialects/search\`
writes values at the ends of each type to Elasticsearch 8 and 9 and OpenSearch 2 and 3: none
is refused, each is read back as it was written, and found.

- A **sub-field** (\`.keyword\`, \`.exact\`, \`.nanos\`) is another way to search the same value.
- What an index has no place for is left out of it (\`ignore_malformed\`), stands in the
  document, and such documents are found by \`_ignored\`: NaN and infinities, years past 9999
  on Elasticsearch (past its own end on OpenSearch), infinite times, zero dates, addresses
  with a netmask.
- \`keyword\` takes 8191 characters, longer texts are found by their words.
- Whole numbers are \`long\` and floats \`double\`, whatever their width: no product changes the
  type of a field, so a column may grow.
- Decimals of up to 15 digits are numbers. Longer ones are texts in the document: ranges go
  by the nearest double, \`.exact\` by all digits (without zeros at the end of a fraction).
- Times have milliseconds; \`.nanos\` has all digits of the years 1970 to 2262. Without a zone
  they are taken as UTC.
- JSON is one field, in which \`doc.city\` is found by its exact text: \`{"_json": …}\` stands
  for what is no object, \`{"_text": ["…"]}\` for the text of what a server would refuse
  (names that come twice, deep nesting, numbers of 500 digits).
- Ranges have their text, and a \`range\` that may be wider in its last digit; multiranges
  several.
- Geometries have their bytes, and a \`shape\` where they are degrees of WGS 84 (SRID 4326,
  \`geography\`).
- Where there are two names of a field the second is OpenSearch's.
- Vectors that tell their dimensions have neighbours by Euclidean distance: \`dense_vector\`
  or \`knn_vector\` (with the plug-in \`k-NN\`, in its default engine: for another engine or
  measure make the index before the first start, with \`method\` in the field); others are kept.
- Arrays have the field of their elements. A server that lacks a type (\`unsigned_long\`,
  \`geo_shape\`, \`knn_vector\`) has the next best in its place.`;

const FAMILIES: readonly (readonly [Family, string])[] = [
  ['postgres', 'PostgreSQL'],
  ['mysql', 'MySQL'],
  ['mariadb', 'MariaDB'],
];
const SHOWN_MAX = 60;

/** Of `docs/type-mapping.md`, before it is formatted. */
export function renderSearchMapping(): string {
  const samples = searchSamples();
  const tables = FAMILIES.flatMap(([family, title]) => {
    const own = samples.filter(({ name }) => name.startsWith(`${family} `));
    const rows = own.filter(({ name }) => !isArray(name)).map((sample) => row(family, sample));
    return [
      `### From ${title}`,
      ['| type | field | in the document |', '|---|---|---|', ...rows].join('\n'),
    ];
  });
  return [HEAD, ...tables].join('\n\n');
}

function isArray(name: string): boolean {
  return name.endsWith('[]') && !name.endsWith('[][]');
}

function row(family: Family, { name, type, schema, values }: SearchSample): string {
  const [elastic, open] = (['elasticsearch', 'opensearch'] as const).map((product) =>
    searchField(schema, { product }),
  );
  if (elastic === undefined || open === undefined) throw new Error(`${family}: ${name}`);
  const shown = values
    .map((value) => jsonOf(elastic, value))
    .toSorted((a, b) => examples(b) - examples(a))
    .find((text) => text.length <= SHOWN_MAX);
  const fields = new Set([elastic, open].map(({ mapping }) => code(shownMapping(mapping))));
  return `| ${code(type)} | ${[...fields].join(', ')} | ${code(shown ?? '')} |`;
}

/** The longest that has room tells most. */
function examples(text: string): number {
  return text.length <= SHOWN_MAX ? text.length : 0;
}

function shownMapping(mapping: JsonObject): string {
  const { type, fields, properties, enabled } = mapping;
  if (enabled === false) return 'kept';
  const inner = isJsonObject(properties)
    ? ` { ${Object.entries(properties).map(shownEntry).join(', ')} }`
    : '';
  const own = typeof type === 'string' ? type : 'object';
  const more = isJsonObject(fields) ? Object.entries(fields).map(shownSubField).join('') : '';
  return own + inner + more;
}

function shownEntry([name, field]: readonly [string, JsonNode]): string {
  return `${name}: ${isJsonObject(field) ? shownMapping(field) : ''}`;
}

function shownSubField([name, field]: readonly [string, JsonNode]): string {
  return `, .${name}: ${isJsonObject(field) ? shownMapping(field) : ''}`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}
