import type { Member } from '../generated.js'
import { canonicalPoint } from '../registry.js'
import { SENSOR_HEX } from '../sensor.js'
import type { Finding } from './finding.js'

const FLUKSO = 'flukso/'
/** What ids of installations look like: they stand in keys, names of points and addresses. */
export const INSTALLATION_ID = /^[A-Za-z0-9][\w.-]{0,63}$/

export const isSensorId = (text: string): boolean => SENSOR_HEX.test(text)
export const pointOfSensor = (sid: string): string => `${FLUKSO}${sid}`
/** The sensor that a point is; null: it is none of a Fluksometer's. */
export const sensorOf = (point: string): string | null => (point.startsWith(FLUKSO) ? point.slice(FLUKSO.length) : null)

/** The counter of what a clamp exports is named as the one of what it imports, with a dash. */
export const isExport = (label: string): boolean => label.endsWith('-')
export const registerOfLabel = (label: string): string => (isExport(label) ? '2.8.0' : '1.8.0')
export const partnerOf = (label: string): string => (isExport(label) ? label.slice(0, -1) : `${label}-`)

/** Whether it counts in one of the installation's load curves. */
export const counts = ({ tot, prod, ve }: Member): boolean => tot !== 0 || prod !== 0 || ve !== 0

/** A member, and where it is written. */
export interface Written {
  installation: string
  member: Member
  row: number
}

/** A register of a point that has shown energy. */
export interface Counting {
  point: string
  register: string
}

export interface Words {
  tab: string
  label: string
  sensor: string
}

/** What members contradict among themselves, and in what the ledger has seen of their points. */
export const checkMembers = (written: readonly Written[], counting: readonly Counting[], words: Words): Finding[] => [
  ...twice(written, words),
  ...alone(written, words),
  ...otherRegisters(written, counting, words)
]

const twice = (written: readonly Written[], { tab, sensor }: Words): Finding[] => {
  const first = new Map<string, number>()
  return written.flatMap(({ installation, member, row }) => {
    // A meter that counts both directions is one point with two registers; a sensor counts one thing.
    const sid = sensorOf(member.point)
    const key = [installation, member.point, sid === null ? member.register : ''].join('\n')
    const other = first.get(key)
    if (other === undefined) {
      first.set(key, row)
      return []
    }
    const message = `${installation} has ${sid ?? `${member.point} ${member.register}`} in row ${other} already`
    return [{ level: 'error', tab, row, column: sensor, message, mend: 'Keep one of the two rows.' }]
  })
}

/** A clamp counts in both directions: one counter without the other is mostly a row that was forgotten, and two of one sign a slip. */
const alone = (written: readonly Written[], { tab, label }: Words): Finding[] => {
  const clamps = new Map<string, Member[]>()
  const clampOf = (installation: string, { device }: Member, name: string) => [installation, device, name].join('\n')
  for (const { installation, member } of written) {
    const key = clampOf(installation, member, member.label)
    clamps.set(key, [...(clamps.get(key) ?? []), member])
  }
  return written.flatMap(({ installation, member, row }): Finding[] => {
    // What has no name of this kind, such as a water meter, has no other direction.
    if (member.label === '' || !['1.8.0', '2.8.0'].includes(member.register)) return []
    const partner = partnerOf(member.label)
    const partners = clamps.get(clampOf(installation, member, partner))
    if (!partners)
      return [
        {
          level: 'warning',
          tab,
          row,
          column: label,
          message: `"${member.label}" of ${installation} has no partner "${partner}" on the same device`,
          mend: 'Add its row; if the clamp counts in one direction only, leave it so.'
        }
      ]
    const same = partners.some((other) => (['tot', 'prod', 've'] as const).some((factor) => member[factor] * other[factor] > 0))
    if (!same || isExport(member.label)) return []
    return [
      {
        level: 'warning',
        tab,
        row,
        column: label,
        message: `"${member.label}" and "${partner}" of ${installation} have the same sign`,
        mend: 'What a clamp counts in its two directions has opposite signs: change one of them.'
      }
    ]
  })
}

const otherRegisters = (written: readonly Written[], counting: readonly Counting[], { tab, sensor }: Words): Finding[] => {
  const known = new Map<string, string[]>()
  for (const { point, register } of counting) known.set(point, [...(known.get(point) ?? []), register])
  return written.flatMap(({ member: { point, register }, row }): Finding[] => {
    const registers = known.get(point)
    if (!registers || registers.includes(register)) return []
    const message = `it is taken for register ${register}, and the ledger has ${registers.join(', ')} of ${point}`
    const mend = 'Correct the name (an export ends in "-"), or say the register by PUT /v1/installations: an import keeps it.'
    return [{ level: 'warning', tab, row, column: sensor, message, mend }]
  })
}

/** Whether a member can be one at all; texts say what was expected. By field. */
export const fieldProblems = (member: Member): { field: keyof Member; message: string }[] => {
  const problems: { field: keyof Member; message: string }[] = []
  const sid = sensorOf(member.point)
  if (sid === null ? canonicalPoint(member.point) !== member.point : !isSensorId(sid))
    problems.push({ field: 'point', message: 'expected flukso/ with 32 hexadecimal digits, or another point of the ledger' })
  for (const field of ['tot', 'prod', 've', 'cons'] as const)
    if (![-1, 0, 1].includes(member[field])) problems.push({ field, message: 'expected -1, 0 or 1' })
  return problems
}
