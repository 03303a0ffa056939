import { emptyReadings } from '../../schemas/blocks.js'
import type { Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { isExact, roundMilli } from './milli.js'
import { COUNTER_SCALE, gaugeScale, PARSER_VERSION, SOURCE, stepOf } from './parse.js'
import { Config, registerOf, unitOf } from './register.js'

/**
 * What Fluksometers say to their broker (port 1883), JSON:
 *
 *   /sensor/<sid>/counter           [1656676352, 5210044.118, "Wh"]    epoch second, register, unit
 *   /sensor/<sid>/gauge             [1656676353, -12.500, "W"]
 *   /device/<device>/config/sensor  {"1": {"id": "<sid>", "rid": 0, "type": "electricity", "subtype": "pplus", …}, …}
 *
 * An FLM02 retains counters and writes no spaces; an FLM03 does not retain them.
 */
export type Message =
  | { what: 'config'; sensors: Config[] }
  | ({ what: 'counter' | 'gauge' } & Sample)
  /** `what` is counted and told: a message is left out, never silently. */
  | { what: 'not-json' | 'no-sample' | 'no-value' | 'too-large' | 'unknown-topic' }

export interface Sample {
  sid: string
  /** Epoch. */
  seconds: number
  /** Thousandths of the unit. */
  milli: number
  whole: boolean
  /** As printed; empty when it says none. */
  unit: string
}

const SENSOR = /^\/sensor\/([0-9a-f]{32})\/(counter|gauge)$/
const CONFIG = /^\/device\/[0-9a-f]{32}\/config\/sensor$/
const MAX_SAMPLE = 1024
/** An FLM03 has 39 sensors, each some 300 characters. */
const MAX_CONFIG = 256 * 1024

/** Pure. */
export const messageOf = (topic: string, payload: Buffer): Message => {
  const [, sid, what] = SENSOR.exec(topic) ?? []
  if (sid === undefined && !CONFIG.test(topic)) return { what: 'unknown-topic' }
  if (payload.length > (sid === undefined ? MAX_CONFIG : MAX_SAMPLE)) return { what: 'too-large' }
  let said: unknown
  try {
    said = JSON.parse(payload.toString('utf8'))
  } catch {
    return { what: 'not-json' }
  }
  return sid === undefined ? configOf(said) : sampleOf(sid, what as 'counter' | 'gauge', said)
}

/** A port that is not in use says its id and nothing of what it measures: it is none. */
const configOf = (said: unknown): Message => {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return { what: 'no-sample' }
  const sensors = Object.values(said).flatMap((each) => {
    const config = Config.safeParse(each)
    return config.success && config.data.id !== undefined ? [config.data] : []
  })
  return { what: 'config', sensors }
}

const sampleOf = (sid: string, what: 'counter' | 'gauge', said: unknown): Message => {
  if (!Array.isArray(said) || said.length < 2 || said.length > 3) return { what: 'no-sample' }
  const [seconds, value, unit = ''] = said
  if (value === null) return { what: 'no-value' }
  const isSample = Number.isSafeInteger(seconds) && seconds >= 0 && typeof value === 'number' && isExact(value)
  if (!isSample || typeof unit !== 'string' || unit.length > 16) return { what: 'no-sample' }
  return { what, sid, seconds, milli: roundMilli(value), whole: Number.isInteger(value), unit }
}

/** What is known of a sensor whose device has not said what it measures: which counter it is, and in which register the ledger has it. */
export interface Known {
  device: string
  register: string
}

/** What a unit alone tells. Water and gas are both litres: which it is, nobody says. */
const BY_UNIT: Record<string, string> = {
  Wh: 'electricity',
  W: 'electricity',
  VARh: 'reactive',
  VAR: 'reactive',
  L: 'volume',
  'L/s': 'flow',
  'L/day': 'flow',
  V: 'vrms',
  A: 'irms',
  '°': 'alpha',
  '°C': 'temperature',
  '%': 'humidity',
  lx: 'light',
  Pa: 'pressure',
  g: 'pellet',
  'g/s': 'pellet',
  s: 'time'
}

const guess = (unit: string): { type: string } => ({ type: Object.hasOwn(BY_UNIT, unit) ? BY_UNIT[unit] : 'other' })

/** The reading of a message, a block of one row; null when the unit of a counter is none of the ledger's. Pure. */
export const readingOf = (
  { what, sid, seconds, milli, whole, unit }: Extract<Message, Sample>,
  config: Config | undefined,
  known: Known | undefined
): Readings | null => {
  const meant: Config = { ...(config ?? guess(unit)), data_type: what, ...(unit !== '' && { unit }) }
  const printed = unitOf(meant)
  if (printed === null) return null
  const isGauge = what === 'gauge'
  const scale = isGauge ? gaugeScale([milli]) : COUNTER_SCALE
  return {
    ...emptyReadings(),
    point: `${SOURCE}/${sid}`,
    register: config ? registerOf(meant) : (known?.register ?? registerOf(meant)),
    kind: isGauge ? 'GAUGE' : 'COUNTER',
    unit: printed,
    scale,
    step: stepOf(meant, isGauge, whole),
    device: config?.rid !== undefined ? `${sid}/${config.rid}` : (known?.device ?? `${sid}/0`),
    source: SOURCE,
    origin: 'mqtt',
    parserVersion: PARSER_VERSION,
    rows: 1,
    at: [seconds * 1000],
    span: [0],
    value: [milli / 10 ** (COUNTER_SCALE - scale)],
    quality: [Quality.RAW],
    code: [0],
    flags: [0],
    line: [0]
  }
}
