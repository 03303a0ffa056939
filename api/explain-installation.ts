import type { FastifyRequest } from 'fastify'
import { covers } from '../schemas/access.js'
import { mulDivRound } from '../schemas/exact.js'
import { type Grid, parseGrid, slotAt } from '../schemas/grid.js'
import { currentInstallations, installationAt } from '../schemas/installations/versions.js'
import { EXTREME_REGISTERS, POWER_GRID } from '../schemas/installations.js'
import { mergeSlots } from '../schemas/merge.js'
import { OPS, QUALITIES } from '../schemas/quality.js'
import { whenText } from '../schemas/registry.js'
import { rangesOf } from './auth.js'
import type { Deps } from './deps.js'
import { ApiError, notFound } from './errors.js'
import { decimal, iso, kwh } from './format.js'
import { partsOf } from './installation.js'
import { aliveSpan, type KnownPoint } from './question.js'
import { readSlots } from './series.js'
import { slotRow } from './shown.js'

/** Longest span that is explained member by member: a local day of 25 hours. */
const MOST_MS = 25 * 3_600_000

/** Of amounts in millionths of Wh. */
const KWH_SCALE = 9

/** Why an installation's figure is what it is: what it was made of, and what each member added. Members that are not open are told together. */
export const explainInstallation = async (
  deps: Deps,
  request: FastifyRequest,
  known: KnownPoint & { installation: string },
  { register, grid: asked, zone, at }: { register: string; grid: Grid | null; zone: string; at: number }
) => {
  const { point, installation } = known
  const isExtreme = (EXTREME_REGISTERS as readonly string[]).includes(register)
  const grid = isExtreme ? parseGrid('P1D')! : (asked ?? parseGrid(POWER_GRID)!)
  const span = slotAt(grid, zone, at)
  if (!covers(known.ranges, span.start, span.end)) throw notFound('figure')
  if (span.end - span.start > MOST_MS) throw new ApiError('too_large', `${grid.name} is too long: ask for the days of it, --grid P1D.`)
  const series = { point, register }
  const { rows } = await readSlots(deps.store, {
    ...series,
    from: span.start,
    to: span.start + 1,
    grid,
    zone,
    pointZone: known.zone,
    versions: [],
    ranges: known.ranges,
    alive: aliveSpan(known, register),
    maxRows: 1
  })
  if (rows.length === 0) throw notFound('figure')

  const versions = currentInstallations((await deps.installations.versions()).filter((row) => row.installation === installation))
  const members = new Map(versions.flatMap((version) => version.members.map((each) => [`${each.point}\n${each.register}`, each])))
  const within = { from: span.start, to: span.end }
  const said = [...members.values()].map(async ({ point, register }) => ({
    point,
    register,
    blocks: mergeSlots(await deps.store.slots({ point, register }, POWER_GRID, within.from, within.to), within)
  }))
  const made = deps.explainSlots(versions, register, within, await Promise.all(said))
  const isOpen = (member: string): boolean => covers(rangesOf(request, member), span.start, span.end)
  const micro = made.reduce((sum, part) => sum + totalOf(part.members), 0)
  const milli = mulDivRound(micro, 1, 1000)
  return {
    ...series,
    unit: 'Wh',
    zone,
    grid: grid.name,
    start: iso(span.start),
    end: iso(span.end),
    figure: slotRow(rows[0], 'Wh'),
    sum: { milli, kwh: kwh(milli, 'Wh'), unit: 'Wh' },
    count: 0,
    explained: 0,
    intervals: [],
    made: made.map(({ from, to, validFrom, members: all, ...slots }) => {
      const version = installationAt(versions, validFrom)!
      const open = all.filter((each) => isOpen(each.point))
      const others = all.filter((each) => !isOpen(each.point))
      return {
        from: iso(from),
        to: iso(to),
        validFrom: validFrom === 0 ? null : whenText(validFrom, zone),
        knownAt: iso(version.knownAt),
        ...slots,
        kwh: decimal(totalOf(all), KWH_SCALE),
        members: open.map(({ amount, left, ...member }) => ({
          ...member,
          label: version.members.find((each) => each.point === member.point && each.register === member.register)!.label,
          kwh: decimal(amount, KWH_SCALE),
          leftKwh: decimal(left, KWH_SCALE)
        })),
        others: others.length === 0 ? null : { members: others.length, kwh: decimal(totalOf(others), KWH_SCALE) }
      }
    }),
    revisions: partsOf(grid, zone === known.zone) === grid.name ? await revisionsOf(deps, series, grid.name, span.start) : []
  }
}

const totalOf = (members: readonly { amount: number }[]): number => members.reduce((sum, { amount }) => sum + amount, 0)

/** All that was ever told of the slot, oldest first. */
const revisionsOf = async ({ store }: Deps, series: { point: string; register: string }, grid: string, start: number) => {
  const revisions = (await store.slots(series, grid, start, start + 1)).flatMap((block) =>
    block.start.flatMap((each, i) => {
      if (each !== start) return []
      const milli = mulDivRound(block.amount[i], 1, 10 ** (block.scale - 3))
      return [
        {
          rev: block.rev[i],
          knownAt: iso(block.knownAt[i]),
          op: OPS[block.op[i]],
          milli,
          kwh: kwh(milli, 'Wh'),
          quality: QUALITIES[block.quality[i]]
        }
      ]
    })
  )
  return revisions.sort((a, b) => a.rev - b.rev)
}
