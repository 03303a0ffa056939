import { SENSOR_HEX } from '../../schemas/sensor.js'

/**
 * The two tables that VdE's first backend kept in Cassandra, as CSV with a header (`COPY … TO … WITH HEADER = TRUE`), columns in any order;
 * its half-day files have the columns of the second.
 *
 * raw    sensor_id, day, ts, …, power                  W of one counter; never negative but where it was reset
 * power  home_id, day, ts, …, p_cons, p_prod, p_tot    W of an installation or group: p_prod <= 0, p_tot > 0 draws from the grid
 *
 * `ts` is UTC and ends the eight seconds that a row is about. NaN: nothing was known.
 */
export interface Table {
  /** Column that names what a row is about, and what it looks like. */
  id: string
  isId: RegExp
  looksLike: string
  point(id: string): string
  figures: readonly Figure[]
}

export interface Figure {
  column: string
  /** What a row gives, of a power in any unit. */
  registers: readonly { register: string; of(power: number): number }[]
}

const itself = (power: number): number => power
const turned = (power: number): number => 0 - power
const above = (power: number): number => Math.max(power, 0)
const below = (power: number): number => Math.max(0 - power, 0)

/**
 * Of its own, beside the 1.8.0 or 2.8.0 that the sensor's counter has: rows of a curve and of a counter in one register would both count.
 * Which direction it is the table does not say.
 */
export const RAW_REGISTER = 'raw'

export const TABLES: readonly Table[] = [
  {
    id: 'sensor_id',
    isId: SENSOR_HEX,
    looksLike: '32 hexadecimal digits',
    point: (id) => `flukso/${id}`,
    figures: [{ column: 'power', registers: [{ register: RAW_REGISTER, of: itself }] }]
  },
  {
    id: 'home_id',
    isId: /^[A-Za-z0-9_-]{1,64}$/,
    looksLike: 'an installation such as CDB012',
    point: (id) => `flukso-power/${id}`,
    figures: [
      { column: 'p_cons', registers: [{ register: 'consumption', of: itself }] },
      { column: 'p_prod', registers: [{ register: 'production', of: turned }] },
      {
        column: 'p_tot',
        registers: [
          { register: 'withdrawal', of: above },
          { register: 'injection', of: below }
        ]
      }
    ]
  }
]

/** Where the columns of a file are. */
export interface Layout {
  table: Table
  columns: number
  id: number
  ts: number
  figures: readonly { figure: Figure; column: number }[]
}

const cellsOf = (line: string): string[] => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))

/** Null: this is the header of neither table. */
export const layoutOf = (header: string): Layout | null => {
  const names = cellsOf(header.replace(/^\u00ef\u00bb\u00bf/, ''))
  const table = TABLES.find(({ id }) => names.includes(id))
  if (!table) return null
  const at = (name: string): number => names.indexOf(name)
  const figures = table.figures.map((figure) => ({ figure, column: at(figure.column) }))
  if (at('ts') < 0 || figures.some(({ column }) => column < 0)) return null
  return { table, columns: names.length, id: at(table.id), ts: at('ts'), figures }
}
