import type { AlertEvidence, Readings } from '../../schemas/generated.js'
import { hasValue } from '../../schemas/quality.js'
import { milliRatio, toMilli, unitRule } from '../../schemas/units.js'
import type { Cause, Severity } from '../alerts/machine.js'
import type { SeriesRules } from '../energy/rules.js'
import type { Where } from '../energy/step.js'
import { filled, silentAfter } from './silence.js'
import { deskKey, deskOf, type Heard, type WatchState } from './state.js'

export type RulesOf = (register: string) => SeriesRules

const HOUR = 3_600_000
/** Equal readings in a row, while power or another register says use (RULES §2, V15). */
const FROZEN_COUNT = 12
/** Power is believed for so long after it was measured. */
const POWER_MS = HOUR / 4
/** A clock is off from here on, ms, and right again below the other (tasmart's dossier gives the first). */
const DRIFT_MS = 120_000
const DRIFT_CLEAR_MS = 60_000
const DRIFT_CRITICAL_MS = HOUR / 2
const NEAR_HOUR_MS = HOUR / 12
/** Of receipts: one delayed or hasty record is no clock. */
const DRIFT_OF = 3
const DRIFT_N = 2
const MOST_LEVELS = 8
const CLOCK = 'clock-drift'
const TOTAL = '1.8.0'
const TARIFF = /^1\.8\.[1-9]$/
const SILENT = deskKey('silent', '')

/** Takes in a block, changing `state`, which the caller owns; returns the desks whose causes changed. */
export const takeReadings = (state: WatchState, block: Readings, where: Where, live: boolean): Set<string> => {
  const changed = new Set<string>()
  const { register, rows, at, quality } = block
  const meter = meterOf(block)
  let last = state.registers[register]?.at ?? Number.NEGATIVE_INFINITY
  if (state.registers[register] !== undefined) state.registers[register] = { ...state.registers[register] }
  for (let i = 0; i < rows; i++) {
    if (!live || at[i] <= last) fill(state, at[i], changed)
    else if (hasValue(quality[i])) {
      last = at[i]
      hear(state, block, i, meter, where, changed)
      if (i === rows - 1 || register === CLOCK) clock(state, block, i, where, changed)
    }
  }
  return changed
}

/** How a block's column becomes thousandths of the ledger's unit, said once for all its rows. */
interface Meter {
  isEnergy: boolean
  ratio: { num: number; den: number }
  /** Smallest change it shows. */
  step: number
  /** It counts one tariff of what the total counts. */
  isTariff: boolean
  frozen: string
}

const PLAIN = { num: 1, den: 1 }

const meterOf = ({ register, unit, scale, step }: Readings): Meter => {
  const rule = unitRule(unit)
  const ratio = rule === null ? PLAIN : milliRatio(rule, scale)
  return {
    isEnergy: rule?.unit === 'Wh',
    ratio,
    step: Math.max(1, toMilli(step, ratio)),
    isTariff: TARIFF.test(register),
    frozen: deskKey('frozen', register)
  }
}

const NONE: readonly Cause[] = []

const silencesOf = (state: WatchState): readonly Cause[] => state.desks[SILENT]?.causes ?? NONE

const fill = (state: WatchState, at: number, changed: Set<string>): void => {
  const silences = silencesOf(state)
  if (silences.length === 0) return
  const left = filled(silences, at)
  if (JSON.stringify(left) !== JSON.stringify(silences)) put(state, 'silent', '', left, changed)
}

const put = (state: WatchState, rule: string, register: string, causes: Cause[], changed: Set<string>): void => {
  const key = deskKey(rule, register)
  state.desks[key] = { ...deskOf(state, rule, register), causes }
  changed.add(key)
}

/** The newest reading of a register: the point is not silent, and the register moves or does not. */
const hear = (state: WatchState, block: Readings, i: number, meter: Meter, where: Where, changed: Set<string>): void => {
  const { kind, register } = block
  const at = block.at[i]
  endSilence(state, at, changed)
  if (kind === 'GAUGE' && block.unit === 'W')
    state.power = { at, milli: directionOf(register) * Math.round(block.value[i] * 10 ** (3 - block.scale)) }
  const value = toMilli(block.value[i], meter.ratio)
  const heard = state.registers[register]
  if (heard === undefined) state.registers[register] = { kind, at, value, since: at, count: 1, fed: 0 }
  else if (kind === 'COUNTER' && heard.value === value) {
    heard.fed += powered(state, register, heard.at, at)
    heard.count++
    heard.at = at
    if (meter.isEnergy && heard.count >= FROZEN_COUNT && heard.fed >= 2 * meter.step)
      stand(state, heard, meter.step, evidenceOf(block, i, where), changed)
  } else {
    if (kind === 'COUNTER') moved(state, register, meter, value - heard.value, at, changed)
    heard.kind = kind
    heard.at = at
    heard.value = value
    heard.since = at
    heard.count = 1
    heard.fed = 0
  }
}

const endSilence = (state: WatchState, at: number, changed: Set<string>): void => {
  const silences = silencesOf(state)
  if (silences.length === 0) return
  const open = silences[silences.length - 1]
  if (open.to !== null || at <= open.from) return
  // What was over before it was told was no silence.
  const ended = at < open.firesAt ? [] : [{ ...open, to: at, value: at - open.from }]
  put(state, 'silent', '', [...silences.slice(0, -1), ...ended], changed)
}

/** OBIS: what begins with 2 counts what is fed in, everything else what is drawn. */
const directionOf = (register: string): 1 | -1 => (register.startsWith('2.') ? -1 : 1)

/** mWh that the power measured last says went through a register in (from, to]: what is fed in moves no register of what is drawn. */
const powered = ({ power }: WatchState, register: string, from: number, to: number): number =>
  power === null || to - power.at > POWER_MS ? 0 : Math.max(0, Math.round((directionOf(register) * power.milli * (to - from)) / HOUR))

/** A register that stands still while something says use. */
const stand = (state: WatchState, heard: Heard, step: number, row: AlertEvidence, changed: Set<string>): void => {
  const { register } = row
  const { causes } = deskOf(state, 'frozen', register)
  if (causes.at(-1)?.to === null) return
  const cause: Cause = {
    from: heard.since,
    to: null,
    firesAt: heard.at,
    levels: [{ at: heard.at, severity: 'warning' }],
    value: heard.fed / 1000,
    threshold: (2 * step) / 1000,
    unit: 'Wh',
    text: `It has shown ${heard.value / 1000} Wh since ${new Date(heard.since).toISOString()}, while power or the registers beside it say use.`,
    rows: [row],
    count: 1
  }
  put(state, 'frozen', register, [...causes, cause], changed)
}

/** A register shows another figure: it is not frozen, and if it counts one tariff the total should have moved too. */
const moved = (state: WatchState, register: string, meter: Meter, by: number, at: number, changed: Set<string>): void => {
  const causes = state.desks[meter.frozen]?.causes ?? NONE
  const open = causes.at(-1)
  if (open?.to === null) put(state, 'frozen', register, [...causes.slice(0, -1), { ...open, to: at }], changed)
  const total = state.registers[TOTAL]
  if (total !== undefined && by > 0 && meter.isTariff) state.registers[TOTAL] = { ...total, fed: total.fed + by }
}

export const evidenceOf = (block: Readings, i: number, { topic, partition, offset }: Where): AlertEvidence => ({
  register: block.register,
  start: block.at[i] - block.span[i],
  end: block.at[i],
  topic,
  partition,
  offset
})

/** How far a clock is off by row `i`, ms: what the source measured, or a reading dated later than it was received; null: it does not say. */
const driftOf = ({ kind, register, unit, scale, rows, at, value, ingestedAt }: Readings, i: number): number | null => {
  if (register === CLOCK) return unit === 's' ? value[i] * 10 ** (3 - scale) : null
  // An interval may be labelled with the end of its day; and a block is received once.
  return kind === 'COUNTER' && i === rows - 1 ? Math.max(0, at[i] - ingestedAt) : null
}

const clock = (state: WatchState, block: Readings, i: number, where: Where, changed: Set<string>): void => {
  const { register } = block
  const drift = driftOf(block, i)
  if (drift === null) return
  const off = Math.abs(drift)
  // A reading from ahead of its receipt is met when it is received.
  const at = Math.min(block.at[i], block.ingestedAt)
  const { causes } = deskOf(state, 'clock-drift', register)
  const open = causes.at(-1)?.to === null ? causes[causes.length - 1] : null
  const samples = [...(state.drift[register] ?? []), off > DRIFT_MS].slice(-DRIFT_OF)
  // Most clocks are right, and then nothing is kept of them.
  if (samples.includes(true)) state.drift = { ...state.drift, [register]: samples }
  else if (state.drift[register] !== undefined) state.drift = without(state.drift, register)
  const needed = register === CLOCK ? 1 : DRIFT_N
  if (open === null) {
    if (off > DRIFT_MS && samples.filter(Boolean).length >= needed)
      put(state, 'clock-drift', register, [...causes, drifting(drift, at, evidenceOf(block, i, where))], changed)
  } else if (off < DRIFT_CLEAR_MS) put(state, 'clock-drift', register, [...causes.slice(0, -1), { ...open, to: at }], changed)
  else if (severityOf(off) !== open.levels[open.levels.length - 1].severity) {
    const levels = [...open.levels, { at, severity: severityOf(off) }].slice(-MOST_LEVELS)
    put(state, 'clock-drift', register, [...causes.slice(0, -1), { ...open, levels, value: drift }], changed)
  }
}

const without = (drift: WatchState['drift'], register: string): WatchState['drift'] => {
  const { [register]: _, ...others } = drift
  return others
}

const severityOf = (off: number): Severity => (off >= DRIFT_CRITICAL_MS ? 'critical' : 'warning')

const drifting = (drift: number, at: number, row: AlertEvidence): Cause => ({
  from: at,
  to: null,
  firesAt: at,
  levels: [{ at, severity: severityOf(Math.abs(drift)) }],
  value: drift,
  threshold: DRIFT_MS,
  unit: 'ms',
  text: `Its clock is ${Math.round(Math.abs(drift) / 1000)} s off${nearHours(drift) ? ': it may run on local time' : ''}.`,
  rows: [row],
  count: 1
})

const nearHours = (drift: number): boolean => {
  const hours = Math.round(drift / HOUR)
  return hours !== 0 && Math.abs(drift - hours * HOUR) < NEAR_HOUR_MS
}

/** When the point is silent if nothing comes, and what is asked of it then; null while it reports nothing by itself. */
export const silentAt = (state: WatchState, rulesOf: RulesOf): { last: number; at: number; afterMs: number } | null => {
  let afterMs = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const [register, heard] of Object.entries(state.registers)) {
    last = Math.max(last, heard.at)
    if (heard.kind === 'COUNTER' || heard.kind === 'INTERVAL') afterMs = Math.min(afterMs, silentAfter(heard, rulesOf(register)))
  }
  return Number.isFinite(afterMs) && silencesOf(state).at(-1)?.to !== null ? { last, at: last + afterMs, afterMs } : null
}
