import type { Point } from '../generated.js'
import { deviceText, settingsText, type UnitOf } from './export.js'
import { whenText } from './instant.js'
import { unitOfRegister } from './quantity.js'
import { byPointAndTime, currentVersions } from './versions.js'

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
  const before = new Map(currentVersions(current).filter(({ point }) => mentioned.has(point)).map((row) => [rowKey(row), row]))
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
    if (!after.has(key)) changes.push({ point: old.point, validFrom: old.validFrom, what: 'removed', fields: [], row: { ...old, deleted: true } })
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

const compare = (old: Point | null, row: Point, unitOf: UnitOf | undefined): FieldChange[] => {
  const before = old ? facts(old, unitOf) : new Map<string, string>()
  const after = facts(row, unitOf)
  const fields: FieldChange[] = []
  for (const field of new Set([...before.keys(), ...after.keys()])) {
    const from = before.get(field) ?? ''
    const to = after.get(field) ?? ''
    if (from !== to) fields.push({ field, from, to })
  }
  return fields
}

/** Everything a row says, by field, in the words of the file. Whatever two rows say alike is alike here, and the other way round. */
const facts = (row: Point, unitOf: UnitOf = (_point, register) => unitOfRegister(register)): Map<string, string> => {
  const out = new Map<string, string>()
  if (row.name !== '') out.set('name', `"${row.name}"`)
  if (row.zone !== '') out.set('zone', row.zone)
  if (row.natives.length > 0) out.set('natives', [...row.natives].sort().join(', '))
  for (const device of row.devices) {
    const { id, register, ...rest } = deviceText(device, row.zone, unitOf(row.point, device.register))
    const name = `device ${id ?? 'unnamed'}${register ? ` of ${register}` : ''}`
    const said = Object.entries(rest).map(([key, value]) => `${key} ${value}`).join(' ') || 'ever since'
    out.set(name, out.has(name) ? `${out.get(name)}, ${said}` : said)
  }
  for (const rules of row.registers) {
    const name = rules.register || '*'
    for (const [setting, value] of Object.entries(settingsText(rules, unitOf(row.point, rules.register)))) {
      // A row of nothing but defaults still says: these, not those of `*`.
      if (rules.register !== '' || value !== DEFAULT_TEXT(setting)) out.set(`${name} ${setting}`, value)
    }
    if (rules.register === '') out.set('* settings', 'for every register')
  }
  return out
}

const DEFAULTS: Record<string, string> = { factor: '1', dial: 'none', rated: 'none', ratedPower: 'none', ratedFlow: 'none', expectedInterval: 'none', maxHold: '1 d', hold: '0 s', profile: 'strict' }
const DEFAULT_TEXT = (setting: string): string | undefined => DEFAULTS[setting]
