/** Ten-thousandths of a watt in a watt. */
const PARTS = 10_000
const LARGEST_W = 10_000_000

const MISSING = new Set(['', 'nan', 'null'])

/** Power in ten-thousandths of a watt; null: the table knows none; undefined: not such a figure. */
export const powerOf = (text: string): number | null | undefined => {
  if (MISSING.has(text.toLowerCase())) return null
  if (!/^[+-]?\d{1,12}(\.\d{1,30})?([eE][+-]?\d{1,2})?$/.test(text)) return undefined
  const watts = Number(text)
  if (Math.abs(watts) > LARGEST_W) return undefined
  // The tables hold tenths as 32-bit floats: 450.1 comes as 450.10001.
  const tenths = Math.round(watts * 10)
  if (Math.abs(watts * 10 - tenths) <= 1e-4 + Math.abs(watts) * 1e-6) return (tenths * PARTS) / 10 + 0
  const parts = Math.round(watts * PARTS)
  return Math.abs(watts * PARTS - parts) <= 1e-3 + Math.abs(watts) * 1e-9 ? parts : undefined
}

/** Until VdE mended it, thousandths of Wh in eight seconds were stored as W; true is 0.45 of that (local midnight of the day). */
export const SCALE_MENDED_AT = Date.parse('2023-03-03T00:00:00+01:00')

/** J of eight seconds in hundred-thousandths, exactly. `parts`: ten-thousandths of a watt as they stand in the table; `ts`: UTC ms. */
export const ENERGY_SCALE = 5
export const energyOf = (parts: number, ts: number): number => parts * (ts < SCALE_MENDED_AT ? 36 : 80)

const TS = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d{0,6})?(Z|[+-]\d\d:?\d\d)?$/

/** UTC ms of `2022-07-01 10:00:00`, with a fraction and an offset or without (UTC); null: not such a time. */
export const instantOf = (text: string): number | null => {
  const match = TS.exec(text)
  if (!match) return null
  const [, date, time, fraction = '0', offset = 'Z'] = match
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  const at = Date.parse(`${date}T${time}.${fraction.padEnd(3, '0')}${zone}`)
  return Number.isNaN(at) ? null : at
}
