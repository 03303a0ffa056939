import { clip, type Grant, type Range } from '../access.js'
import type { Installation } from '../generated.js'
import { installationOf, pointOfInstallation } from '../installations.js'
import { installationAt, versionsByName } from './versions.js'

/** Whose a point is in [from, to): the installations that it is a member of and that hold no smaller one with it. */
export interface Home extends Range {
  installations: string[]
}

/** By point, in time order. */
export type Homes = ReadonlyMap<string, readonly Home[]>

/**
 * Whose points are. A group repeats the sensors of its homes: who may see the group's power has no business with a neighbour's clamps,
 * so what is smaller comes first, and where none of two is part of the other, it is both's.
 */
export const homesOf = (rows: readonly Installation[]): Homes => {
  const versions = versionsByName(rows)
  const instants = [...new Set([...versions.values()].flat().map(({ validFrom }) => validFrom))].sort((a, b) => a - b)
  const homes = new Map<string, Home[]>()
  for (const [i, from] of instants.entries()) {
    const to = instants[i + 1] ?? Number.POSITIVE_INFINITY
    for (const [point, installations] of homesAt(versions, from)) {
      const spans = homes.get(point) ?? []
      const last = spans.at(-1)
      if (last && last.to === from && last.installations.join() === installations.join()) last.to = to
      else spans.push({ from, to, installations })
      homes.set(point, spans)
    }
  }
  return homes
}

const homesAt = (versions: ReadonlyMap<string, readonly Installation[]>, at: number): Map<string, string[]> => {
  const members = new Map<string, Set<string>>()
  const having = new Map<string, string[]>()
  for (const [name, each] of versions) {
    const points = new Set(installationAt(each, at)?.members.map(({ point }) => point))
    members.set(name, points)
    for (const point of points) having.set(point, [...(having.get(point) ?? []), name])
  }
  const isPart = (small: Set<string>, large: Set<string>) => small.size < large.size && [...small].every((point) => large.has(point))
  return new Map(
    [...having].map(([point, names]) => [
      point,
      names.filter((name) => !names.some((other) => isPart(members.get(other)!, members.get(name)!))).sort()
    ])
  )
}

/**
 * Somebody's grants, with what those on installations open besides: points, for as long as they are the installation's. A point of
 * several installations is open only to who has a grant on all of them.
 */
export const withMembers = (grants: readonly Grant[], homes: Homes): Grant[] => {
  const granted = new Set(grants.flatMap(({ point }) => installationOf(point) ?? []))
  if (granted.size === 0) return [...grants]
  const who = grants[0].who
  const opened = [...homes].flatMap(([point, spans]) =>
    spans
      .filter(({ installations }) => installations.every((name) => granted.has(name)))
      .flatMap(({ from, to, installations }) =>
        installations.reduce<Range[]>(
          (open, name) => open.flatMap((range) => clip(grants, pointOfInstallation(name), range.from, range.to)),
          [{ from, to }]
        )
      )
      .map((range) => ({ who, point, from: finite(range.from), to: finite(range.to) }))
  )
  return [...grants, ...opened]
}

const finite = (at: number): number | null => (Number.isFinite(at) ? at : null)
