import { emptyReadings, MAX_ROWS } from '../../schemas/blocks.js'
import type { ReadingKind, Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { household, noise, roof, type Watts } from './load.js'
import { registerOf } from './register.js'
import { hourly, pulsed, type Shown, type Shows, sampled } from './shown.js'

export const DEMO = 'demo'
export const DEMO_PARSER_VERSION = 1

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MONTH = 30 * DAY
const WH = 1000
const KWH = 1_000_000

/** A register of the made-up street, with its units as the meter prints them. */
export interface Meter {
  point: string
  register: string
  kind: ReadingKind
  unit: string
  scale: number
  /** Smallest change it shows, in 10^-scale units. */
  step: number
  /** What each reading covers, ms; 0: an instant. */
  spanMs: number
  /** It sends a reading so long after the reading's time, ms. */
  delayMs: number
  /** How much of its past it has at the first start, ms. */
  historyMs: number
  shows: Shows
}

/** Where the workshop's dial begins again, mWh: about every ten minutes. */
export const WORKSHOP_DIAL = KWH

/** What the bakery's dial, as small as the workshop's, showed a whole hour, and six rounds, before the first start: a minute after that it begins again. */
const BAKERY_SHOWED = 0.85 * KWH
const ovens: Watts = () => 6000
/** When somebody registers that dial, after the first start: until then its fall is nothing that anybody can explain. */
export const BAKERY_REGISTERED_MS = 3 * MINUTE

/** The fridge's plug as its maker's service prints it, up to the first start: the reading of 0 is not there, and others bill it. */
const BLIP_KWH = [3737, 0, 3746, 3756]
const BLIP_STEP = 5 * MINUTE
const FRIDGE_STEP = 20 * SECOND
/** One reading in so many is 0: every four minutes, the first a minute after the start. */
const DIP_EVERY = 12
const DIP_AT = 3

/** The plug that dips: four readings before the first start `t0`, then about 110 W, and again and again a 0. */
const fridgePlug = (t0: number): Shows => {
  const register = registerOf((minute) => Math.round(95 + 30 * noise(61, minute)), t0)
  const last = BLIP_KWH[BLIP_KWH.length - 1]
  const live = sampled(
    (at) => {
      const dips = ((at - t0) / FRIDGE_STEP) % DIP_EVERY === DIP_AT
      return dips ? 0 : last + Math.floor((register.at(at) - register.at(t0)) / WH)
    },
    FRIDGE_STEP,
    t0
  )
  return function* (from, to) {
    for (const [i, value] of BLIP_KWH.entries()) {
      const at = t0 - (BLIP_KWH.length - 1 - i) * BLIP_STEP
      if (at > from && at <= to) yield { at, value }
    }
    if (to > t0) yield* live(Math.max(from, t0), to)
  }
}

/** Machines that run all day and night, so that the small dial keeps going round. */
const workshop: Watts = (minute) => 5200 + Math.round(1600 * noise(51, Math.floor(minute / 4)))

/** What is left of one load after another has been met. */
const beyond =
  (load: Watts, met: Watts): Watts =>
  (minute) =>
    Math.max(0, load(minute) - met(minute))

/** Every register of the street, whose first start was at `t0` (UTC ms). What they show is a function of t0 and the time alone. */
export const streetOf = (t0: number): Meter[] => {
  // Earlier than anybody asks: an hourly meter's first hour began before its history does.
  const counted = (watts: Watts) => registerOf(watts, t0 - MONTH - 2 * HOUR)
  /** A clamp that has been there for years. */
  const showing = (milli: number, watts: Watts) => {
    const register = counted(watts)
    return (at: number) => milli + register.at(at)
  }
  const clamp = { kind: 'COUNTER', unit: 'Wh', scale: 3, step: 1, spanMs: 0, delayMs: 0, historyMs: MONTH } as const
  const [sunny, sun] = [household(21), roof(25, 4200)]
  const machines = counted(workshop)
  const bakery = registerOf(ovens, t0 - HOUR)
  return [
    {
      ...clamp,
      point: 'demo/linden-1',
      register: '1.8.0',
      shows: sampled(showing(12_345_678 * WH, household(11)), 8 * SECOND, SECOND)
    },
    {
      ...clamp,
      point: 'demo/linden-2',
      register: '1.8.0',
      shows: sampled(showing(2_104_388 * WH, beyond(sunny, sun)), 8 * SECOND, 3 * SECOND)
    },
    {
      ...clamp,
      point: 'demo/linden-2',
      register: '2.8.0',
      shows: sampled(showing(3_871_042 * WH, beyond(sun, sunny)), 8 * SECOND, 3 * SECOND)
    },
    { ...clamp, point: 'demo/linden-3', register: '1.8.0', scale: 0, shows: pulsed(counted(household(31)), WH) },
    {
      ...clamp,
      point: 'demo/linden-4',
      register: '1.8.0',
      kind: 'INTERVAL',
      scale: 0,
      spanMs: HOUR,
      delayMs: 45 * SECOND,
      shows: hourly(counted(household(41)), WH)
    },
    {
      ...clamp,
      point: 'demo/workshop',
      register: '1.8.0',
      scale: 0,
      historyMs: 2 * HOUR,
      shows: sampled((at) => Math.floor((machines.at(at) % WORKSHOP_DIAL) / WH), 10 * SECOND, 5 * SECOND)
    },
    {
      ...clamp,
      point: 'demo/bakery',
      register: '1.8.0',
      scale: 0,
      historyMs: 2 * MINUTE,
      shows: sampled((at) => Math.floor(((BAKERY_SHOWED + bakery.at(at)) % WORKSHOP_DIAL) / WH), 10 * SECOND, 7 * SECOND)
    },
    {
      ...clamp,
      point: 'demo/fridge-plug',
      register: '1.8.0',
      unit: 'kWh',
      historyMs: BLIP_KWH.length * BLIP_STEP,
      shows: fridgePlug(t0)
    }
  ]
}

/** What a meter sends in (from, to], when `to` is now: blocks with unfolded columns, oldest first. */
export const readingsBetween = (meter: Meter, from: number, to: number): Readings[] => {
  const blocks: Readings[] = []
  let shown: Shown[] = []
  for (const each of meter.shows(from - meter.delayMs, to - meter.delayMs)) {
    if (shown.length === MAX_ROWS) {
      blocks.push(blockOf(meter, shown))
      shown = []
    }
    shown.push(each)
  }
  if (shown.length > 0) blocks.push(blockOf(meter, shown))
  return blocks
}

const blockOf = ({ point, register, kind, unit, scale, step, spanMs }: Meter, shown: readonly Shown[]): Readings => {
  const rows = shown.length
  const filled = (figure: number) => new Array<number>(rows).fill(figure)
  return {
    ...emptyReadings(),
    point,
    register,
    kind,
    unit,
    scale,
    step,
    source: DEMO,
    origin: DEMO,
    // Where others name a file: nobody should look for one.
    attrs: { file: 'made up for the demo' },
    parserVersion: DEMO_PARSER_VERSION,
    rows,
    at: shown.map(({ at }) => at),
    span: filled(spanMs),
    value: shown.map(({ value }) => value),
    quality: filled(Quality.RAW),
    code: filled(0),
    flags: filled(0),
    line: filled(0)
  }
}
