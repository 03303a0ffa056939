import type { Installation, Member } from '../generated.js'
import { type FieldChange, whenText } from '../registry.js'
import { sensorOf } from './members.js'
import { byNameAndTime, installationAt, versionsByName } from './versions.js'
import type { Workbook } from './workbook.js'

export interface InstallationChange {
  installation: string
  /** UTC ms. */
  validFrom: number
  what: 'added' | 'changed' | 'removed'
  fields: FieldChange[]
  /** The row that makes it so; knownAt is the caller's to fill. */
  row: Installation
}

export interface From {
  /** From when on the workbook holds, UTC ms. */
  validFrom: number
  /** Zone of installations that are new. */
  zone: string
}

/**
 * What a workbook changes from `validFrom` on. It is the whole of what holds then: an installation or a sensor that it does not name
 * has no part any more, and keeps its history. What a workbook cannot say stays as it is: zones, places, members that are no sensors of
 * Fluksometers, registers of members whose name stays, and captions that it leaves out.
 */
export const diffWorkbook = (current: readonly Installation[], workbook: Workbook, from: From): InstallationChange[] => {
  const versions = versionsByName(current)
  const names = new Set([...versions.keys(), ...workbook.installations.keys()])
  const changes = [...names].flatMap((name): InstallationChange[] => {
    const old = installationAt(versions.get(name) ?? [], from.validFrom)
    const row = wanted(name, old, workbook, from)
    const change = row && changeOf(old, row)
    return change ? [change] : []
  })
  return changes.sort((a, b) => byNameAndTime(a.row, b.row))
}

const wanted = (name: string, old: Installation | null, { installations }: Workbook, { validFrom, zone }: From): Installation | null => {
  const stated = installations.get(name)
  if (!stated && !old) return null
  const others = (old?.members ?? []).filter(({ point }) => sensorOf(point) === null)
  const kept = new Map((old?.members ?? []).map((member) => [`${member.point}\n${member.label}`, member.register]))
  const sensors = (stated?.members ?? []).map((member) => ({
    ...member,
    register: kept.get(`${member.point}\n${member.label}`) ?? member.register
  }))
  return {
    ...(old ?? { installation: name, name: '', zone, latitude: null, longitude: null }),
    name: stated?.caption ?? old?.name ?? '',
    validFrom,
    knownAt: 0,
    deleted: false,
    members: [...sensors, ...others]
  }
}

/** Null: the row says what held already; the order of members says nothing. */
export const changeOf = (old: Installation | null, row: Installation): InstallationChange | null => {
  const fields = differences(new Map(old ? facts(old, row, row) : []), new Map(facts(row, old, row)))
  if (old && fields.length === 0) return null
  const emptied = old !== null && old.members.length > 0 && row.members.length === 0
  const { installation, validFrom } = row
  return { installation, validFrom, what: emptied ? 'removed' : old ? 'changed' : 'added', fields, row }
}

const differences = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FieldChange[] =>
  [...new Set([...before.keys(), ...after.keys()])].flatMap((field) => {
    const from = before.get(field) ?? ''
    const to = after.get(field) ?? ''
    return from === to ? [] : [{ field, from, to }]
  })

type Fact = readonly [field: string, text: string]

/** What a version says, in the words of the workbook; a member that both have is told column by column, under the name it has in `named`. */
const facts = (version: Installation, other: Installation | null, named: Installation): Fact[] => {
  const { name, zone, latitude, longitude, members } = version
  const shared = new Set(other?.members.map(memberKey))
  const labels = new Map(named.members.map((member) => [memberKey(member), member.label]))
  return [
    ['caption', name && `"${name}"`],
    ['zone', zone],
    ['place', latitude === null || longitude === null ? '' : `${latitude} N, ${longitude} E`],
    ...members.flatMap((member): Fact[] => {
      const key = memberKey(member)
      const field = `${key} "${labels.get(key) ?? member.label}"`
      const said = columns(member)
      if (shared.has(key)) return said.map(([column, text]) => [`${field} ${column}`, text])
      return [
        [
          field,
          said.flatMap(([column, text]) => (text === '' || column === 'Function' ? [] : [`${column} ${text}`])).join(', ') || 'no factors'
        ]
      ]
    })
  ]
}

const memberKey = ({ point, register }: Member): string => {
  const sid = sensorOf(point)
  return sid === null ? `${point} ${register}` : `sensor ${sid}`
}

const columns = ({ label, device, startDate, register, tot, prod, cons, ve }: Member): Fact[] => {
  const factor = (figure: number) => (figure === 0 ? '' : String(figure))
  return [
    ['Function', label],
    ['register', register],
    ['Network', factor(tot)],
    ['Prod', factor(prod)],
    ['Cons', factor(cons)],
    ['VE', factor(ve)],
    ['FlmId', device],
    ['StartDate', startDate]
  ]
}

/** `dated`: with the day from which on it holds. */
export const installationChangeText = ({ installation, validFrom, what, fields, row }: InstallationChange, dated = true): string => {
  const since = dated ? `, from ${whenText(validFrom, row.zone)} on` : ''
  if (what === 'removed') return `${installation}${since}: removed: no members any more; what was before stays`
  const texts = fields.map(({ field, from, to }) => {
    if (from === '') return `${field} ${to}`
    return to === '' ? `${field} no longer (was ${from})` : `${field} ${from} → ${to}`
  })
  return `${installation}${since}: ${what}${texts.length > 0 ? `: ${texts.join('; ')}` : ''}`
}

/** Changes between two workbooks, from the first to the second. */
export const diffWorkbooks = (before: Workbook, after: Workbook): InstallationChange[] => {
  const from = { validFrom: 0, zone: '' }
  const rows = diffWorkbook([], before, from).map(({ row }) => row)
  return diffWorkbook(rows, after, from)
}
