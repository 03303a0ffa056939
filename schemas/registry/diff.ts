import type { Point } from '../generated.js'
import { byObis, deviceText, differing, settingsText, type UnitOf } from './export.js'
import { whenText } from './instant.js'
import { byPointAndTime, currentVersions, DEFAULT_RULES } from './versions.js'

export interface FieldChange {
  /** `zone`, `1.8.0 factor`, `device 123`, ... */
  field: string
  /** Empty: it was, or will be, unsaid. */
  from: string
  to: string
}

export interface Change {
  point: string
  validFrom: number
  what: 'added' | 'changed' | 'removed'
  fields: FieldChange[]
  /** The row that makes it so; knownAt is the caller's to fill. */
  row: Point
}

/** What a file would change. Points it does not mention stay; of those it mentions, versions it leaves out are taken back. */
export const diffRegistry = (current: readonly Point[], wanted: readonly Point[], unitOf?: UnitOf): Change[] => {
  const mentioned = new Set(wanted.map(({ point }) => point))
  const before = new Map(
    currentVersions(current)
      .filter(({ point }) => mentioned.has(point))
      .map((row) => [rowKey(row), row])
  )
  const after = new Map(wanted.filter(({ deleted }) => !deleted).map((row) => [rowKey(row), row]))
  const changes: Change[] = []
  for (const [key, row] of after) {
    const old = before.get(key)
    const fields = compare(old ?? null, row, unitOf)
    const { point, validFrom } = row
    if (!old) changes.push({ point, validFrom, what: 'added', fields, row })
    else if (fields.length > 0) changes.push({ point, validFrom, what: 'changed', fields, row })
  }
  for (const [key, old] of before) {
    if (!after.has(key))
      changes.push({ point: old.point, validFrom: old.validFrom, what: 'removed', fields: [], row: { ...old, deleted: true } })
  }
  return changes.sort((a, b) => byPointAndTime(a.row, b.row))
}

/** The registry after the changes: what `check` looks at before they apply. */
export const applied = (current: readonly Point[], changes: readonly Change[]): Point[] =>
  currentVersions([...currentVersions(current), ...changes.map(({ row }) => ({ ...row, knownAt: Number.MAX_SAFE_INTEGER }))])

export const changeText = (change: Change): string => {
  const since = change.validFrom === 0 ? '' : `, from ${whenText(change.validFrom, change.row.zone)} on`
  const fields = change.fields.map(({ field, from, to }) => {
    if (change.what === 'added' || from === '') return `${field} ${to}`
    return to === '' ? `${field} no longer (was ${from})` : `${field} ${from} → ${to}`
  })
  return `${change.point}${since}: ${change.what}${fields.length > 0 ? `: ${fields.join('; ')}` : ''}`
}

const rowKey = (row: Point): string => `${row.point}\n${row.validFrom}`

const compare = (old: Point | null, row: Point, unitOf: UnitOf = byObis): FieldChange[] => {
  const before = new Map([...(old ? facts(old, unitOf) : []), ...registerFacts(old, row, unitOf)])
  const after = new Map([...facts(row, unitOf), ...registerFacts(row, old, unitOf)])
  const fields: FieldChange[] = []
  for (const field of new Set([...before.keys(), ...after.keys()])) {
    const from = before.get(field) ?? ''
    const to = after.get(field) ?? ''
    if (from !== to) fields.push({ field, from, to })
  }
  return fields
}

/** What a row says besides its registers, in the words of the file. */
const facts = (row: Point, unitOf: UnitOf): [field: string, text: string][] => {
  const devices = new Map<string, string>()
  for (const device of row.devices) {
    const { id, register, ...rest } = deviceText(device, row.zone, unitOf(row.point, device.register))
    const name = `device ${id ?? 'unnamed'}${register ? ` of ${register}` : ''}`
    const said =
      Object.entries(rest)
        .map(([key, value]) => `${key} ${value}`)
        .join(' ') || 'ever since'
    devices.set(name, devices.has(name) ? `${devices.get(name)}, ${said}` : said)
  }
  return [
    ...(row.name === '' ? [] : [['name', `"${row.name}"`] as [string, string]]),
    ...(row.zone === '' ? [] : [['zone', row.zone] as [string, string]]),
    ...(row.natives.length === 0 ? [] : [['natives', [...row.natives].sort().join(', ')] as [string, string]]),
    ...devices
  ]
}

/** Registers that both rows have are compared setting by setting; of one that is only here, what is not the default is said. */
const registerFacts = (row: Point | null, other: Point | null, unitOf: UnitOf): [field: string, text: string][] =>
  (row?.registers ?? []).flatMap((rules) => {
    const name = rules.register || '*'
    const unit = unitOf(row!.point, rules.register)
    const shared = other?.registers.some(({ register }) => register === rules.register)
    const said = Object.entries(shared ? settingsText(rules, unit) : differing(rules, DEFAULT_RULES, unit))
    if (said.length === 0) return [[name, 'the defaults'] as [string, string]]
    return said.map(([setting, value]): [string, string] => [`${name} ${setting}`, value])
  })
