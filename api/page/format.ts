/** Figures as people read them. The exact ones stand in the explanation. */

const WATT_UNITS: Record<string, string> = { Wh: 'W', varh: 'var', VAh: 'VA' }

/** Whether a register counts energy, and so has a power. */
export const isEnergy = (unit: string): boolean => unit in WATT_UNITS

const rounded = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** 3 450 W → "3.45 kW"; `null` where nobody knows. */
export const power = (watts: number | null): { value: string; unit: string } => {
  if (watts === null) return { value: '–', unit: 'W' }
  const size = Math.abs(watts)
  if (size >= 999_500) return { value: rounded(watts / 1e6, 2), unit: 'MW' }
  if (size >= 999.5) return { value: rounded(watts / 1000, size >= 99_950 ? 0 : size >= 9995 ? 1 : 2), unit: 'kW' }
  return { value: rounded(watts, size > 0 && size < 9.95 ? 1 : 0), unit: 'W' }
}

const PER_UNIT: Record<string, [factor: number, base: string]> = {
  kWh: [1000, 'Wh'],
  MWh: [1_000_000, 'Wh'],
  kvarh: [1000, 'varh'],
  kVAh: [1000, 'VAh']
}

/** What a register showed, in the unit a bill has: 2510791.000 Wh → "2,510.791 kWh". */
export const shownByRegister = (value: string, unit: string): { value: string; unit: string } => {
  const [factor, base] = PER_UNIT[unit] ?? [1, unit]
  const figure = Number(value) * factor
  if (!isEnergy(base)) return { value, unit }
  return figure >= 10_000
    ? { value: rounded(figure / 1000, 3), unit: `k${base}` }
    : { value: rounded(figure, figure % 1 === 0 ? 0 : 1), unit: base }
}

/** Milli-units as the larger unit people use: mWh → Wh, kWh, MWh. */
export const amount = (milli: number, unit: string): { value: string; unit: string } => {
  if (!isEnergy(unit)) return { value: rounded(milli / 1000, Math.abs(milli) < 100_000 ? 1 : 0), unit }
  const size = Math.abs(milli)
  if (size >= 1e9) return { value: rounded(milli / 1e9, 2), unit: `M${unit}` }
  if (size >= 1e5) return { value: rounded(milli / 1e6, size < 1e7 ? 3 : size < 1e8 ? 2 : 1), unit: `k${unit}` }
  return { value: rounded(milli / 1e3, size < 1e4 ? 1 : 0), unit }
}

export const amountText = (milli: number, unit: string): string => {
  const shown = amount(milli, unit)
  return `${shown.value} ${shown.unit}`
}

export const powerText = (watts: number | null): string => {
  const shown = power(watts)
  return `${shown.value} ${shown.unit}`
}

export const percent = (share: number): string => {
  if (share >= 1) return '100 %'
  // 99.96 % is not complete, and must not look so.
  return `${rounded(Math.min(99.9, Math.floor(share * 1000) / 10), 1)} %`
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago: "8 s", "3 min", "2 h", "1 day", "5 days". */
export const age = (ms: number): string => {
  if (ms < 0) return 'just now'
  if (ms < 90 * SECOND) return `${Math.floor(ms / SECOND)} s`
  if (ms < 90 * MINUTE) return `${Math.floor(ms / MINUTE)} min`
  if (ms < 36 * HOUR) return `${Math.floor(ms / HOUR)} h`
  if (ms < 2 * DAY) return '1 day'
  if (ms < 731 * DAY) return `${Math.floor(ms / DAY)} days`
  return `${Math.floor(ms / (365.25 * DAY))} years`
}

/** "just now", "8 min ago". */
export const ago = (ms: number): string => (ms < 10 * SECOND ? 'just now' : `${age(ms)} ago`)

/** A span's length: "8 s", "15 min", "1 h", "23 h", "31 days". */
export const span = (ms: number): string => {
  if (ms < 2 * MINUTE) return `${Math.round(ms / SECOND)} s`
  if (ms < 2 * HOUR && ms !== HOUR) return `${Math.round(ms / MINUTE)} min`
  if (ms <= 36 * HOUR) return `${Math.round((ms / HOUR) * 10) / 10} h`
  return `${Math.round(ms / DAY)} days`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** In the meter's zone, always: its days are the days of the bill. */
export const when = (ms: number, zone: string, options: Intl.DateTimeFormatOptions): string => {
  const key = zone + JSON.stringify(options)
  let format = formats.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options })
    formats.set(key, format)
  }
  return format.format(ms)
}

export const day = (ms: number, zone: string): string =>
  when(ms, zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
export const clock = (ms: number, zone: string, seconds = false): string =>
  when(ms, zone, { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) })
export const moment = (ms: number, zone: string, seconds = true): string => `${day(ms, zone)}, ${clock(ms, zone, seconds)}`

const QUALITY_WORDS: Record<string, string> = {
  VALIDATED: 'validated by its source',
  VALID: 'valid',
  EDITED: 'corrected by its source',
  DERIVED: 'derived from other meters',
  RAW: 'as the meter said it',
  ESTIMATED: 'estimated',
  QUESTIONABLE: 'questionable',
  PARTIAL: 'incomplete',
  NO_DATA: 'no data',
  DATA_LOSS: 'data lost'
}
export const qualityText = (quality: string | null): string => (quality === null ? 'nothing measured' : (QUALITY_WORDS[quality] ?? quality))

const REGISTERS: Record<string, string> = {
  '1.8.0': 'Import',
  '2.8.0': 'Export',
  '3.8.0': 'Reactive import',
  '4.8.0': 'Reactive export',
  '5.8.0': 'Reactive Q1',
  '6.8.0': 'Reactive Q2',
  '7.8.0': 'Reactive Q3',
  '8.8.0': 'Reactive Q4',
  '1.8.1': 'Import P1',
  '1.8.2': 'Import P2',
  '1.8.3': 'Import P3'
}
/** OBIS in words; a register without words keeps its own. */
export const registerName = (register: string): string => REGISTERS[register] ?? register
