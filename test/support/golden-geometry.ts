/**
 * The recording's server had PostGIS, which the registry's servers lack. Here types of the same
 * names stand in for it, whose text is the hexadecimal EWKB that PostGIS prints: what comes over
 * the wire is the same.
 */
export function withoutPostgis(sql: string): string {
  return sql
    .replace(
      'CREATE EXTENSION IF NOT EXISTS postgis;',
      ['geometry', 'geography'].map(standIn).join(''),
    )
    .replaceAll(/geometry\(\w+,\d+\)/g, 'geometry')
    .replace(/^INSERT INTO t_gis VALUES .*$/m, ROWS);
}

function standIn(type: string): string {
  const internal = 'LANGUAGE internal IMMUTABLE STRICT';
  return `CREATE TYPE ${type};
CREATE FUNCTION ${type}_in(cstring) RETURNS ${type} ${internal} AS 'textin';
CREATE FUNCTION ${type}_out(${type}) RETURNS cstring ${internal} AS 'textout';
CREATE TYPE ${type} (INPUT = ${type}_in, OUTPUT = ${type}_out, INTERNALLENGTH = VARIABLE,
  ALIGNMENT = int4, STORAGE = extended, DELIMITER = ':');
`;
}

const LINE = `010200000002000000${'0'.repeat(32)}${'000000000000F03F'.repeat(2)}`;
const POINT = '0101000020E6100000B515FBCBEED76540787AA52C435C42C0';
const POINT_3D = '01010000A0110F0000000000000000F03F00000000000000400000000000000840';
const PLACE = '0101000020E61000006666666666D665409A999999995942C0';
const POINTS = '0101000000000000000000F03F0000000000000040';
const EMPTY = `0101000000${'000000000000F87F'.repeat(2)}`;
const RING = [0, 0, 1, 0, 1, 1, 0, 0].map((n) => (n === 0 ? '0'.repeat(16) : '000000000000F03F'));
const POLYGON = `0103000020E61000000100000004000000${RING.join('')}`;
const ROWS = `INSERT INTO t_gis VALUES
  (1, '${LINE}', '${POINT}', '${POINT_3D}', '${PLACE}', ARRAY['${POINTS}'::geometry]),
  (2, NULL, NULL, NULL, NULL, NULL),
  (3, '${EMPTY}', NULL, NULL, '${POLYGON}', NULL);`;
