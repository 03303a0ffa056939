import { z } from 'zod'
import { SENSOR_HEX } from '../../schemas/sensor.js'
import { unitRule } from '../../schemas/units.js'

/** A register is part of every key, and a unit of every screen: nothing but plain words. */
const Word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)

/** What of `h.cfg` has a meaning here. Devices write more (function, port, voltage, current, constant …), in any order. */
export const Config = z.object({
  id: z.string().regex(SENSOR_HEX).optional(),
  rid: z.int().min(0).optional(),
  type: Word,
  subtype: Word.optional(),
  class: Word.optional(),
  data_type: z.enum(['counter', 'gauge']).default('counter'),
  /** Newer daemons only. */
  unit: z.string().max(16).optional()
})
export type Config = z.infer<typeof Config>

/** Import and export are two sensors, each counting upwards. q1 to q4 are the quadrants of reactive energy. */
const COUNTERS: Record<string, string> = { pplus: '1.8.0', pminus: '2.8.0', q1: '5.8.0', q2: '6.8.0', q3: '7.8.0', q4: '8.8.0' }
/** Momentary power has OBIS codes of its own, so that a gauge never shares a series with a counter. */
const GAUGES: Record<string, string> = { pplus: '1.7.0', pminus: '2.7.0', q1: '5.7.0', q2: '6.7.0', q3: '7.7.0', q4: '8.7.0' }

/** Types come from outside: a sensor of type `constructor` must find nothing. */
const look = (table: Record<string, string>, word: string): string => (Object.hasOwn(table, word) ? table[word] : '')

const CLAMP_CLASSES = ['analog', 'pulse', 'ct']

/** An FLM02 knows no direction: its clamps and pulse inputs count import. What a smart meter's port counts (uart, cosem) is not said. */
const quantityOf = ({ type, subtype, class: kind }: Config): string => {
  if (type === 'electricity') return subtype ?? (kind === undefined || CLAMP_CLASSES.includes(kind) ? 'pplus' : type)
  return ['water', 'gas', 'fuel'].includes(type) ? type : (subtype ?? type)
}

export const registerOf = (config: Config): string => {
  const quantity = quantityOf(config)
  if (config.type !== 'electricity') return quantity
  return look(config.data_type === 'gauge' ? GAUGES : COUNTERS, quantity) || quantity
}

const COUNTER_UNITS: Record<string, string> = {
  electricity: 'Wh',
  pplus: 'Wh',
  pminus: 'Wh',
  heat: 'Wh',
  q1: 'varh',
  q2: 'varh',
  q3: 'varh',
  q4: 'varh',
  water: 'L',
  gas: 'L',
  fuel: 'L',
  pellet: 'g',
  time: 's',
  other: 'count',
  movement: 'count',
  vibration: 'count',
  proximity: 'count'
}

/** Without a unit in the header it is an FLM02, and its flow gauges are per day. */
const GAUGE_UNITS: Record<string, string> = {
  electricity: 'W',
  pplus: 'W',
  pminus: 'W',
  heat: 'W',
  q1: 'var',
  q2: 'var',
  q3: 'var',
  q4: 'var',
  vrms: 'V',
  irms: 'A',
  alpha: '°',
  water: 'L/day',
  gas: 'L/day',
  fuel: 'L/day',
  pellet: 'g/s',
  other: '1/s',
  temperature: '°C',
  humidity: '%',
  battery: 'V',
  light: 'lx',
  pressure: 'Pa'
}

const SPELLINGS: Record<string, string> = { VARh: 'varh', VAR: 'var', kVARh: 'kvarh' }

const printedUnit = ({ unit = '' }: Config): string => (unit === 'none' ? '' : look(SPELLINGS, unit) || unit)

/** The header's unit when it names one, otherwise what the type is known to count; null when a counter's unit is none of the ledger's. */
export const unitOf = (config: Config): string | null => {
  const quantity = quantityOf(config)
  const printed = printedUnit(config)
  if (config.data_type === 'gauge') return printed || look(GAUGE_UNITS, quantity) || 'none'
  const unit = printed || look(COUNTER_UNITS, quantity)
  return unitRule(unit)?.unit ? unit : null
}
