import type { Range } from '../access.js'
import type { Installation } from '../generated.js'
import { firstInstant } from '../zone.js'

/** A register of a point that is a member of installations: what it is to them, and when something is expected of it. */
export interface Expected {
  point: string
  register: string
  /** As its newest version says. */
  label: string
  device: string
  /** Those that it is a member of in some version, smallest first: a home before its groups. */
  installations: string[]
  /** In order, joined where they touch. */
  spans: Range[]
  /** Whether people said since when it is there. */
  isDated: boolean
}

/** Of what installations are made, over all of their current versions. */
export const expectedMembers = (versions: ReadonlyMap<string, readonly Installation[]>): Expected[] => {
  const sizeOf = ([, rows]: readonly [string, readonly Installation[]]): number => rows.at(-1)?.members.length ?? 0
  const smallestFirst = [...versions].sort((a, b) => sizeOf(a) - sizeOf(b) || (a[0] < b[0] ? -1 : 1))
  const found = new Map<string, Expected>()
  for (const [name, rows] of smallestFirst)
    for (const [i, { validFrom, zone, members }] of rows.entries()) {
      const to = rows[i + 1]?.validFrom ?? Number.POSITIVE_INFINITY
      for (const { point, register, label, device, startDate } of members) {
        const since = DATE.test(startDate) ? firstInstant(zone || 'UTC', Date.parse(startDate)) : null
        const key = `${point}|${register}`
        const known = found.get(key) ?? { point, register, label, device, installations: [], spans: [], isDated: false }
        if (known.installations.at(-1) !== name) known.installations.push(name)
        // The smallest installation has the names that people know it by.
        if (known.installations.length === 1) Object.assign(known, { label, device })
        known.spans.push({ from: Math.max(validFrom, since ?? validFrom), to })
        known.isDated ||= since !== null
        found.set(key, known)
      }
    }
  return [...found.values()].map((each) => ({ ...each, spans: joined(each.spans) }))
}

const DATE = /^\d{4}-\d\d-\d\d$/

const joined = (spans: readonly Range[]): Range[] => {
  const list: Range[] = []
  for (const { from, to } of spans.filter((span) => span.from < span.to).sort((a, b) => a.from - b.from)) {
    const last = list.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else list.push({ from, to })
  }
  return list
}
