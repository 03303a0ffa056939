import type { Installation, Point } from '../generated.js'
import { currentVersions } from '../registry.js'
import { counts } from './members.js'

/**
 * Rows that points lack so that each names the installations it is a member of: what it says otherwise stays. They have to be in
 * force before the installations are entered: whoever folds a point reads there whose load curves need it.
 */
export const membershipRows = (points: readonly Point[], entered: readonly Installation[]): Point[] => {
  const wanted = new Map<string, Set<string>>()
  for (const { installation, members } of entered)
    for (const member of members) if (counts(member)) wanted.set(member.point, (wanted.get(member.point) ?? new Set()).add(installation))
  const rows = new Map<string, Point[]>()
  for (const row of points) if (wanted.has(row.point)) rows.set(row.point, [...(rows.get(row.point) ?? []), row])
  return [...wanted].flatMap(([point, ids]) => {
    const known = rows.get(point) ?? []
    const listed = new Set(known.flatMap(({ installations }) => installations))
    if ([...ids].every((id) => listed.has(id))) return []
    const installations = [...new Set([...listed, ...ids])].sort()
    return [{ ...(currentVersions(known)[0] ?? unsaid(point)), knownAt: 0, installations }]
  })
}

/** A point that nobody has said anything of, since ever. */
const unsaid = (point: string): Point => ({
  point,
  validFrom: 0,
  knownAt: 0,
  deleted: false,
  name: '',
  zone: '',
  natives: [],
  devices: [],
  registers: [],
  installations: []
})
