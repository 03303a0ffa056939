import { covers, type Identity, type Range, readable } from '../../schemas/access.js'
import type { Installation } from '../../schemas/generated.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { pointOfInstallation } from '../../schemas/installations.js'
import type { Measure } from '../client/frames.js'
import { digest } from './cursor.js'
import { FrameError, measureOf, type SelectFrame } from './requests.js'

/** Registers of a point that are selected; null: all. */
type Registers = ReadonlySet<string> | null

/** What somebody asks for, and how much of it is open to them. Pure; nothing is shown that has not passed `shows`. */
export class Selection {
  readonly #ranges = new Map<string, readonly Range[]>()

  constructor(
    readonly measure: Measure,
    readonly grid: string | null,
    /** By point; null: every point that is open. */
    readonly points: ReadonlyMap<string, Registers> | null,
    private readonly registers: Registers,
    private readonly identity: Identity,
    /** Same selection by the same person with the same grants: what a cursor must match. */
    readonly hash: string
  ) {}

  get who(): string {
    return this.identity.name
  }

  /** Time that is open of a point. */
  ranges(point: string): readonly Range[] {
    const known = this.#ranges.get(point)
    if (known) return known
    const ranges = readable(this.identity, point)
    this.#ranges.set(point, ranges)
    return ranges
  }

  hasPoint(point: string): boolean {
    return (this.points === null || this.points.has(point)) && this.ranges(point).length > 0
  }

  has(point: string, register: string): boolean {
    if (!this.hasPoint(point) || (this.registers !== null && !this.registers.has(register))) return false
    return this.points?.get(point)?.has(register) ?? true
  }

  /** A row tells about all of its time, so all of it must be open. */
  shows(point: string, start: number, end: number): boolean {
    return covers(this.ranges(point), start, end)
  }

  hasGrid(grid: string | null): boolean {
    return grid === this.grid
  }
}

/** Current versions of installations and groups. What is not open and what does not exist answer alike, also to who has a clamp of it. */
const openVersions = (
  names: readonly string[],
  installations: readonly Installation[],
  identity: Identity
): Map<string, readonly Installation[]> => {
  const versions = versionsByName(installations)
  const missing = names.filter((name) => !versions.has(name) || readable(identity, pointOfInstallation(name)).length === 0)
  if (missing.length > 0)
    throw new FrameError('not_found', `No such installation, or it is not open to you: ${missing.slice(0, 5).join(', ')}.`)
  return new Map(names.map((name) => [name, versions.get(name)!]))
}

/** The members of installations (or groups, which are kept alike) as of now, as far as they are open: of a group, those of the visitor's own homes. */
const membersOf = (names: readonly string[], installations: readonly Installation[], identity: Identity): Map<string, Set<string>> => {
  const found = new Map<string, Set<string>>()
  for (const [name, versions] of openVersions(names, installations, identity)) {
    const open = versions[versions.length - 1].members.filter(({ point }) => readable(identity, point).length > 0)
    if (open.length === 0) throw new FrameError('not_found', `${name} has no member that is open to you.`)
    for (const { point, register } of open) found.set(point, (found.get(point) ?? new Set()).add(register))
  }
  return found
}

/** Installations as the points whose series are their power. */
const installationsOf = (names: readonly string[], installations: readonly Installation[], identity: Identity): Map<string, Registers> =>
  new Map([...openVersions(names, installations, identity).keys()].map((name) => [pointOfInstallation(name), null]))

/** Throws FrameError when any of it is not open: who asks for ten points is told, not given nine. */
export const select = (
  frame: SelectFrame,
  asked: { grid: string | null; zone?: string },
  identity: Identity,
  installations: readonly Installation[]
): Selection => {
  const measure = measureOf(frame)
  const registers = frame.registers ? new Set(frame.registers) : null
  const named = frame.installations ?? (frame.group === undefined ? null : [frame.group])
  let points: Map<string, Registers> | null = null
  if (named && measure === 'power') points = installationsOf(named, installations, identity)
  else if (named) points = membersOf(named, installations, identity)
  else if (frame.points !== '*') {
    points = new Map((frame.points ?? []).map((point) => [point, null]))
    const missing = [...points.keys()].filter((point) => readable(identity, point).length === 0)
    if (missing.length > 0) {
      const issues = missing.slice(0, 100).map((point) => ({ path: 'select.points', message: point }))
      throw new FrameError('not_found', `No such point, or it is not open to you: ${missing.slice(0, 5).join(', ')}.`, { issues })
    }
  }
  const { grid, zone = '' } = asked
  const texts = points ? [...points].map(([point, each]) => `${point} ${each ? [...each].sort().join(' ') : '*'}`).sort() : ['*']
  const grants = JSON.stringify([identity.role, identity.grants.map(({ point, from, to }) => [point, from, to])])
  const hash = digest(measure, grid ?? '', zone, ...texts, '', ...[...(registers ?? [])].sort(), '', grants)
  return new Selection(measure, grid, points, registers, identity, hash)
}
