import { mulDivRound, parseRatio, type Ratio } from '../../schemas/exact.js'
import type { Device, Point, RegisterRules } from '../../schemas/generated.js'
import { currentVersions } from '../../schemas/registry.js'

/** Version of the rules of this folder, in every row they make; raise it when a row would come out different. */
export const RULE_VERSION = 1

const ONE: Ratio = { num: 1, den: 1 }
export const MS_PER_HOUR = 3_600_000

/** What the registry says of one register from an instant on. */
export interface Settings {
  validFrom: number
  factor: Ratio
  /** Names the factor in rows; empty for 1. */
  factorId: string
  /** Since when the factor has been the same. */
  factorFrom: number
  dial: number | null
  /** Highest believable travel per hour, 1.5 × rated, before the factor. */
  capPerHour: number | null
  /** Rated energy per hour, after the factor. */
  ratedPerHour: number | null
  expectedMs: number | null
  backwardTolerance: number
  maxHoldMs: number
  /** A slot boundary this soon after an interval's start takes nothing of it; for the load curve. */
  holdMs: number
  start: number
  profile: string
  /** Zone of the point; empty: that of its source. */
  zone: string
}

export interface SeriesRules {
  /** By validFrom; the first holds from the beginning of time. */
  versions: Settings[]
  /** Meters of this register, by `from`; empty when none is registered. */
  devices: Device[]
}

const defaults: Settings = {
  validFrom: Number.NEGATIVE_INFINITY,
  factor: ONE,
  factorId: '',
  factorFrom: Number.NEGATIVE_INFINITY,
  dial: null,
  capPerHour: null,
  ratedPerHour: null,
  expectedMs: null,
  backwardTolerance: 0,
  maxHoldMs: 24 * MS_PER_HOUR,
  holdMs: 0,
  start: 0,
  profile: 'strict',
  zone: ''
}

export const NO_RULES: SeriesRules = { versions: [defaults], devices: [] }

const settingsOf = (point: Point, rules: RegisterRules | undefined): Settings => {
  if (!rules) return { ...defaults, validFrom: point.validFrom, factorFrom: point.validFrom, zone: point.zone }
  const factor = parseRatio(rules.factor) ?? ONE
  const plain = factor.num === 1 && factor.den === 1
  const magnitude = factor.num < 0 ? -factor.num : factor.num
  const cap = rules.ratedPerHour === null || magnitude === 0 ? null : mulDivRound(rules.ratedPerHour, 3 * factor.den, 2 * magnitude)
  return {
    validFrom: point.validFrom,
    factor,
    factorId: plain ? '' : `${rules.factor} from ${new Date(point.validFrom).toISOString()}`,
    factorFrom: point.validFrom,
    dial: rules.dial,
    capPerHour: cap,
    ratedPerHour: rules.ratedPerHour,
    expectedMs: rules.expectedMs,
    backwardTolerance: rules.backwardTolerance,
    maxHoldMs: rules.maxHoldMs,
    holdMs: rules.holdMs,
    start: rules.start,
    profile: rules.profile,
    zone: point.zone
  }
}

/** The rules of one register from all the registry rows of its point. Meters come from the newest version: it lists them in time. */
export const resolveRules = (points: readonly Point[], register: string): SeriesRules => {
  const current = currentVersions(points)
  if (current.length === 0) return NO_RULES
  const versions: Settings[] = [defaults]
  for (const point of current) {
    const rules = point.registers.find((entry) => entry.register === register) ?? point.registers.find((entry) => entry.register === '')
    const settings = settingsOf(point, rules)
    const before = versions[versions.length - 1]
    if (before.factor.num === settings.factor.num && before.factor.den === settings.factor.den) {
      settings.factorFrom = before.factorFrom
      settings.factorId = before.factorId
    }
    versions.push(settings)
  }
  const devices = current[current.length - 1].devices
    .filter((device) => device.register === '' || device.register === register)
    .sort((a, b) => a.from - b.from)
  return { versions, devices }
}

export const settingsAt = (rules: SeriesRules, at: number): Settings => {
  const { versions } = rules
  let i = versions.length - 1
  while (i > 0 && versions[i].validFrom > at) i--
  return versions[i]
}

/** False when meters are registered and this one was not built in then. A source that names no meter is taken at its word. */
export const isOwnDevice = (rules: SeriesRules, device: string, at: number): boolean =>
  rules.devices.length === 0 ||
  device === '' ||
  rules.devices.some((entry) => (entry.id === device || entry.id === '') && entry.from <= at && (entry.to === null || at <= entry.to))

export interface Swap {
  /** Travel that the notes of the swap prove, thousandths of the unit. */
  known: number
  /** Every closing and opening was noted. */
  complete: boolean
}

/**
 * Travel over the registered replacements (or registers set by hand) in (from, to]; null when none is registered there.
 * Each piece is closing - what was shown, or what is shown - opening; a negative piece proves nothing.
 */
export const swapsBetween = (rules: SeriesRules, from: { at: number; value: number }, to: { at: number; value: number }): Swap | null => {
  if (rules.devices.length < 2) return null
  const swaps = rules.devices.filter((device, i) => i > 0 && device.from > from.at && device.from <= to.at)
  if (swaps.length === 0) return null
  let known = 0
  let complete = true
  let shown: number | null = from.value
  const add = (closing: number | null, opening: number | null) => {
    if (closing === null || opening === null || closing < opening) complete = false
    else known += closing - opening
  }
  for (const swap of swaps) {
    const before = rules.devices[rules.devices.indexOf(swap) - 1]
    add(before.closing, shown)
    shown = swap.opening
  }
  add(to.value, shown)
  return { known, complete }
}
