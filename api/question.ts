import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Latest } from '../infra/store.js'
import type { Range } from '../schemas/access.js'
import type { Point } from '../schemas/generated.js'
import { type Grid, parseGrid } from '../schemas/grid.js'
import { installationOf } from '../schemas/installations.js'
import { canonicalPoint, currentVersions, isKnownZone, parseWhen, zoneOf } from '../schemas/registry.js'
import { unitRule } from '../schemas/units.js'
import { rangesOf } from './auth.js'
import { datesOf } from './completeness.js'
import type { Deps } from './deps.js'
import { ApiError, notFound } from './errors.js'
import { knownInstallation } from './installation.js'

/** A CUPS of 22 characters names the same point as its first 20. */
export const PointParam = z
  .string()
  .min(1)
  .max(150)
  .transform((name) => canonicalPoint(name) ?? name)
  .describe('Metering point: a CUPS, or <source>/<native id>.')

export const RegisterParam = z
  .string()
  .min(1)
  .max(80)
  .optional()
  .describe('Register, such as 1.8.0; may be left out where the point has only one.')

export const WhenParam = z
  .string()
  .min(4)
  .max(40)
  .describe('An instant (2024-03-01T07:30:00Z), local date-time (2024-03-01T08:30) or date (2024-03-01: local midnight).')

export const ZoneParam = z
  .string()
  .max(60)
  .refine(isKnownZone, { error: 'not a time zone, such as Europe/Madrid' })
  .optional()
  .describe("IANA zone of local times and days; default the point's own.")

const MAX_NAMED = 500

/** A parameter that may be repeated. */
export const severalOf = <Schema extends z.ZodType>(one: Schema) => z.union([one, z.array(one).max(MAX_NAMED)]).optional()
export const listOf = <Value>(given: Value | Value[] | undefined): Value[] =>
  given === undefined ? [] : Array.isArray(given) ? given : [given]

export const gridOf = (name: string): Grid => {
  const grid = parseGrid(name)
  if (!grid)
    throw new ApiError(
      'bad_request',
      `grid: "${name}" is none. Ask for intervals, P1D, P1W, P1M, P1Y, or a time that divides a day, such as PT15M or PT1H.`
    )
  return grid
}

const MOST_DAYS = 400
const DAY_MS = 86_400_000

export const DayParam = z.iso.date({ error: 'write a day, such as 2023-10-01' })

/** Local dates from `from` on, `to` excluded. */
export const daysAsked = (from: string, to: string): string[] => {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS
  if (days <= 0) throw new ApiError('bad_request', 'to: the range ends before it begins; `to` is the day after the last one.')
  if (days > MOST_DAYS) throw new ApiError('bad_request', `from: these are ${days} days; ask for at most ${MOST_DAYS}, with from and to.`)
  return datesOf(from, to)
}

/** A local time that the clock skips or repeats is taken as its first instant. */
export const whenOf = (text: string, zone: string, parameter: string): number => {
  const when = parseWhen(text, zone)
  if (!when)
    throw new ApiError('bad_request', `${parameter}: "${text}" is no instant. Write 2024-03-01, 2024-03-01T08:30 or 2024-03-01T07:30:00Z.`)
  return when.at
}

/** A point that exists and of which some time is open to whoever asks. */
export interface KnownPoint {
  point: string
  versions: Point[]
  latest: Latest[]
  /** Its zone now. */
  zone: string
  ranges: Range[]
}

/** What is not open is looked up like what is, so that the answer does not come sooner. */
export const knownPoint = async (deps: Deps, request: FastifyRequest, point: string): Promise<KnownPoint> => {
  const ranges = rangesOf(request, point)
  const installation = installationOf(point)
  if (installation !== null) {
    const known = await knownInstallation(deps.store, installation)
    if (ranges.length === 0 || known === null) throw notFound()
    return { point, versions: [], ranges, ...known }
  }
  const [versions, latest] = await Promise.all([deps.store.points(point).then(currentVersions), deps.store.latest(point)])
  if (ranges.length === 0 || (versions.length === 0 && latest.length === 0)) throw notFound()
  return { point, versions, latest, zone: zoneAt(deps, point, versions), ranges }
}

export const zoneAt = (deps: Deps, point: string, versions: readonly Point[]): string =>
  zoneOf(versions, Number.POSITIVE_INFINITY) || deps.sourceZone(point)

/** The register asked for, or the only one that counts something. */
export const registerOf = ({ latest }: KnownPoint, asked: string | undefined): string => {
  const registers = latest.map(({ register }) => register)
  if (asked !== undefined) {
    if (registers.includes(asked)) return asked
    throw new ApiError('not_found', `The point has no register ${asked}; it has ${registers.join(', ') || 'none yet'}.`)
  }
  const counting = latest.filter(({ kind }) => kind === 'COUNTER' || kind === 'INTERVAL').map(({ register }) => register)
  if (counting.length === 1) return counting[0]
  throw new ApiError('bad_request', `register: say which; the point has ${registers.join(', ') || 'none yet'}.`)
}

/** A reading of a whole month is stamped at its end, and the oldest may have come last: so a year and some on either side. */
const MARGIN_MS = 400 * DAY_MS

/** Time in which a register can have data. */
export const aliveSpan = ({ latest }: KnownPoint, register: string): Range => {
  const entry = latest.find((each) => each.register === register)
  return entry ? { from: entry.firstAt - MARGIN_MS, to: entry.at + MARGIN_MS } : { from: 0, to: 0 }
}

/** The unit of the ledger's amounts for a unit that a source prints. */
export const ledgerUnit = (unit: string): string => unitRule(unit)?.unit ?? unit
