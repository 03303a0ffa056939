import { stringify } from 'yaml'
import type { Device, Point, RegisterRules } from '../generated.js'
import { whenText } from './instant.js'
import { amountText, durationText, rateText, unitOfRegister } from './quantity.js'
import { currentVersions, DEFAULT_RULES } from './versions.js'

/** The ledger's unit of a register, where one knows; rows do not say it, and `10000 units` is read like `10 kWh`. */
export type UnitOf = (point: string, register: string) => string

export const byObis: UnitOf = (_point, register) => unitOfRegister(register)

type Settings = Record<string, string>

/** Every setting of a register as text, `none` where there is none. */
export const settingsText = (rules: RegisterRules, unit: string): Settings => ({
  factor: rules.factor,
  dial: rules.dial === null ? 'none' : amountText(rules.dial, unit),
  [unit === 'Wh' || unit === 'varh' || unit === 'VAh' ? 'ratedPower' : unit === 'L' ? 'ratedFlow' : 'rated']:
    rules.ratedPerHour === null ? 'none' : rateText(rules.ratedPerHour, unit),
  expectedInterval: rules.expectedMs === null ? 'none' : durationText(rules.expectedMs),
  backwardTolerance: amountText(rules.backwardTolerance, unit),
  maxHold: durationText(rules.maxHoldMs),
  hold: durationText(rules.holdMs),
  start: amountText(rules.start, unit),
  profile: rules.profile
})

const FIELDS: [field: keyof typeof DEFAULT_RULES, names: string[]][] = [
  ['factor', ['factor']],
  ['dial', ['dial']],
  ['ratedPerHour', ['ratedPower', 'ratedFlow', 'rated']],
  ['expectedMs', ['expectedInterval']],
  ['backwardTolerance', ['backwardTolerance']],
  ['maxHoldMs', ['maxHold']],
  ['holdMs', ['hold']],
  ['start', ['start']],
  ['profile', ['profile']]
]

/** Only what differs from what would hold without it: the row for every register, or the defaults. */
export const differing = (rules: RegisterRules, base: typeof DEFAULT_RULES, unit: string): Settings => {
  const text = settingsText(rules, unit)
  const out: Settings = {}
  for (const [field, names] of FIELDS) {
    if (rules[field] === base[field]) continue
    for (const name of names) if (text[name] !== undefined) out[name] = text[name]
  }
  return out
}

export const deviceText = (device: Device, zone: string, unit: string): Settings => ({
  ...(device.id === '' ? {} : { id: device.id }),
  ...(device.register === '' ? {} : { register: device.register }),
  ...(device.from === 0 ? {} : { from: whenText(device.from, zone) }),
  ...(device.to === null ? {} : { to: whenText(device.to, zone) }),
  ...(device.opening === null ? {} : { opening: amountText(device.opening, unit) }),
  ...(device.closing === null ? {} : { closing: amountText(device.closing, unit) })
})

type Said = Record<string, unknown>

const versionText = (row: Point, unitOf: UnitOf): Said => {
  const every = row.registers.find(({ register }) => register === '')
  const base = every ?? DEFAULT_RULES
  const registers = Object.fromEntries(
    row.registers.map((rules) => {
      const unit = unitOf(row.point, rules.register)
      return rules.register === '' ? ['*', differing(rules, DEFAULT_RULES, unit)] : [rules.register, differing(rules, base, unit)]
    })
  )
  // One clamp with settings for whatever it counts is written without the word "registers".
  const single = every && row.registers.length === 1 && Object.keys(registers['*']).length > 0
  return {
    ...(row.name === '' ? {} : { name: row.name }),
    ...(row.zone === '' ? {} : { zone: row.zone }),
    ...(row.natives.length === 0 ? {} : { natives: row.natives }),
    ...(row.devices.length === 0
      ? {}
      : { devices: row.devices.map((device) => deviceText(device, row.zone, unitOf(row.point, device.register))) }),
    ...(row.registers.length === 0 ? {} : single ? registers['*'] : { registers })
  }
}

const since = (row: Point): Said => (row.validFrom === 0 ? {} : { validFrom: whenText(row.validFrom, row.zone) })

/** What all versions say alike stands once, in the entry. */
const entryText = (versions: readonly Point[], unitOf: UnitOf): Said => {
  const [first, ...others] = versions
  const texts = versions.map((version) => versionText(version, unitOf))
  if (others.length === 0) return { point: first.point, ...since(first), ...texts[0] }
  const same = (key: string) => texts.every((text) => JSON.stringify(text[key]) === JSON.stringify(texts[0][key]))
  // Bare dates lean on the zone: where that changes, every version stands alone.
  const common = same('zone') ? Object.keys(texts[0]).filter(same) : []
  const pick = (text: Said, wanted: (key: string) => boolean): Said =>
    Object.fromEntries(Object.entries(text).filter(([key]) => wanted(key)))
  const settings = (key: string) => !['name', 'zone', 'natives', 'devices'].includes(key)
  // Settings are laid over each other, so they are common as a whole or not at all.
  const alike = texts.every((text) => JSON.stringify(pick(text, settings)) === JSON.stringify(pick(texts[0], settings)))
  const isCommon = (key: string) => common.includes(key) && (alike || !settings(key))
  return {
    point: first.point,
    ...pick(texts[0], isCommon),
    versions: versions.map((version, i) => ({ ...since(version), ...pick(texts[i], (key) => !isCommon(key)) }))
  }
}

/** The current versions as a file that parses back to the same rows. */
export const exportRegistry = (points: readonly Point[], unitOf: UnitOf = byObis): string => {
  const byPoint = new Map<string, Point[]>()
  for (const row of currentVersions(points)) byPoint.set(row.point, [...(byPoint.get(row.point) ?? []), row])
  return stringify(
    { points: [...byPoint.values()].map((versions) => entryText(versions, unitOf)) },
    { schema: 'failsafe', lineWidth: 0, aliasDuplicateObjects: false }
  )
}
