import { share } from '../../schemas/completeness.js'
import type { Slots } from '../../schemas/generated.js'
import { EXCHANGE_REGISTERS, installationOf, POWER_REGISTERS, VE_REGISTER } from '../../schemas/installations.js'
import type { Place } from './client.js'
import { type FIELDS, headOf } from './lines.js'

/**
 * Slots of installations as mean power (docs/influxdb.md). `w` is written where a slot is wholly covered, and only there: power has no
 * part that is known. A point that became less complete keeps the `w` it had: a server forgets no field alone, and to remove each
 * slot that is not known, as most never were, would be a request a slot. So its completeness is what counts.
 */
const REGISTERS: ReadonlySet<string> = new Set([...POWER_REGISTERS, VE_REGISTER, ...EXCHANGE_REGISTERS])
const HOUR_MS = 3_600_000

/** Whether a series tells power; those of days that alerts are judged by do not. */
export const isPower = (register: string): boolean => REGISTERS.has(register)

export const powerTags = ({ grid, point, register }: Pick<Slots, 'grid' | 'point' | 'register'>): Place['tags'] => [
  ['grid', grid],
  ['installation', installationOf(point) ?? point],
  ['register', register]
]

/** What a row tells there, by the names of its fields. */
export const powerFields = (block: Slots, i: number): { [field in keyof typeof FIELDS.power]?: number } => {
  const lengthMs = block.end[i] - block.start[i]
  const known = { quality: block.quality[i], completeness: share(block.coveredMs[i] / lengthMs) }
  return block.coveredMs[i] < lengthMs ? known : { w: (block.amount[i] * HOUR_MS) / (lengthMs * 10 ** block.scale), ...known }
}

/** One line for every row; WITHDRAWN ones must not be among them. */
export const powerLines = (block: Slots): string[] => {
  const head = headOf('power', powerTags(block))
  return block.start.map((start, i) => {
    const { w, quality, completeness } = powerFields(block, i)
    return `${head} ${w === undefined ? '' : `w=${w},`}quality=${quality}i,completeness=${completeness} ${start}`
  })
}
