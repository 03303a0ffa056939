import type { Finding, Home, HomeMember, HomeVersion, Issue } from '../../answers.js'

/** What somebody is writing about an installation: texts, until the API has looked at them. */
export interface Draft {
  id: string
  /** Local date. */
  validFrom: string
  name: string
  zone: string
  /** "" where nobody says. */
  latitude: string
  longitude: string
  members: DraftMember[]
}

export interface DraftMember extends HomeMember {
  /** Of the row on the screen, as long as it is there. */
  key: number
}

const FLUKSO = 'flukso/'
const SENSOR_ID = /^[0-9a-f]{32}$/

let rows = 0
const keyed = (member: HomeMember): DraftMember => ({ ...member, key: ++rows })

export const newMember = (): DraftMember =>
  keyed({ point: '', register: '1.8.0', tot: 0, prod: 0, ve: 0, cons: 0, label: '', device: '', startDate: '' })

const textOf = (degrees: number | null): string => (degrees === null ? '' : String(degrees))

/** A version as it is written; since when its successor holds is for people to say. */
export const draftOf = ({ id, zone }: Home, { name, latitude, longitude, members }: HomeVersion): Draft => ({
  ...{ id, validFrom: '', name, zone, latitude: textOf(latitude), longitude: textOf(longitude) },
  members: members.map(keyed)
})

export const emptyDraft = (): Draft => ({ id: '', validFrom: '', name: '', zone: '', latitude: '', longitude: '', members: [newMember()] })

/** Sensors are known by their id alone. */
export const pointText = (point: string): string =>
  point.startsWith(FLUKSO) && SENSOR_ID.test(point.slice(FLUKSO.length)) ? point.slice(FLUKSO.length) : point
export const pointOf = (text: string): string => {
  const id = text.trim().toLowerCase()
  return SENSOR_ID.test(id) ? `${FLUKSO}${id}` : text.trim()
}

const registerOf = (label: string): string => (label.endsWith('-') ? '2.8.0' : '1.8.0')

/** A clamp's name says which way it counts, unless the register was said otherwise. */
export const relabelled = (member: DraftMember, label: string): DraftMember => ({
  ...member,
  label,
  register: member.register === registerOf(member.label) ? registerOf(label) : member.register
})

/** As PUT /v1/installations/:id wants it. */
export const bodyOf = ({ validFrom, name, zone, latitude, longitude, members }: Draft): object => ({
  ...{ validFrom, name: name.trim(), ...(zone.trim() !== '' && { zone: zone.trim() }) },
  latitude: latitude.trim() === '' ? null : Number(latitude),
  longitude: longitude.trim() === '' ? null : Number(longitude),
  members: members.map(({ key: _, ...member }) => member)
})

/** What is wrong with a field of a member, and how bad that is. */
export interface Problem {
  level: Finding['level']
  text: string
}

export const findingText = ({ message, mend }: Finding): string => `${message}. ${mend}`

/** Problems by `<row from 0>.<field>`; what belongs to no field is not among them. */
export const problemsOf = (findings: readonly Finding[], issues: readonly Issue[]): Map<string, Problem> => {
  const problems = new Map<string, Problem>()
  const add = (place: string, problem: Problem) => {
    if (problems.get(place)?.level !== 'error') problems.set(place, problem)
  }
  for (const finding of findings)
    if (finding.tab === 'members' && finding.row > 0)
      add(`${finding.row - 1}.${finding.column}`, { level: finding.level, text: findingText(finding) })
  for (const { path, message } of issues) {
    const [, row, field] = /^members\.(\d+)\.(\w+)$/.exec(path) ?? []
    if (row !== undefined) add(`${row}.${field}`, { level: 'error', text: message })
  }
  return problems
}
