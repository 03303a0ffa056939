import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { covers, type Range } from '../../schemas/access.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { QUALITIES } from '../../schemas/quality.js'
import { currentVersions } from '../../schemas/registry.js'
import { rangesOf } from '../auth.js'
import { type Arrived, arrivedOf, type Change, compare, type Figure, WrittenBySeries } from '../changes.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { iso, kwh } from '../format.js'
import { knownPoint, ledgerUnit, PointParam, WhenParam, whenOf, ZoneParam } from '../question.js'
import { reasonsOf } from '../reasons.js'

/** Written days looked at, and series of which days are compared, in one answer; the newest. */
const MOST_DAYS = 200_000
const MOST_SERIES = 20_000
/** Series compared before other requests get their turn. */
const AT_ONCE = 20

const Query = z.object({
  since: WhenParam.optional().describe(
    'What was told then is compared with what is told now. Default: the start of yesterday in the zone.'
  ),
  point: PointParam.optional(),
  zone: ZoneParam.describe("IANA zone in which `since` is read; default the point's own where one is asked for, else UTC."),
  limit: z.coerce.number().int().min(1).max(1000).default(200).describe('Most rows in each of the two lists, newest first.')
})

const Told = z.object({ milli: z.number(), kwh: z.string().nullable(), quality: z.string() })
const Amount = { milli: z.number().describe('Thousandths of the unit.'), kwh: z.string().nullable() }
const Answer = z.object({
  since: z.string(),
  zone: z.string(),
  changes: z
    .array(
      z.object({
        point: z.string(),
        name: z.string(),
        register: z.string(),
        unit: z.string(),
        day: z.string().describe("Start of the day, in the point's zone."),
        end: z.string(),
        before: Told,
        after: Told.nullable().describe('Null: taken back.'),
        revisedAt: z.string().describe('When what counts now became known.'),
        why: z.array(z.string())
      })
    )
    .describe('Days that had ended by `since`, whose figure was told then and is told otherwise now.'),
  arrived: z
    .array(
      z.object({
        point: z.string(),
        name: z.string(),
        register: z.string(),
        unit: z.string(),
        days: z.number(),
        from: z.string(),
        to: z.string(),
        ...Amount
      })
    )
    .describe('New data, a line per series: days of which nothing had been told, and those that had not ended by `since` (whole).'),
  totals: z
    .object({
      changes: z.number(),
      points: z.number().describe('Points with changes.'),
      registers: z.array(z.object({ register: z.string(), unit: z.string(), changes: z.number(), ...Amount })).describe('after - before.'),
      arrived: z.object({ series: z.number(), days: z.number() })
    })
    .describe('Of all that was found, shown or not.'),
  more: z.boolean().describe('There is more than is shown: ask with a later `since`, for one point, or with a higher limit.')
})

/** What is told otherwise than it was: revised days of the past, with their reasons, and what is new. */
export const changeRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    const { store } = deps

    /** Everything written since and open to the asker, by series. */
    const writtenSince = async (since: number, point: string | undefined, rangesFor: (point: string) => Range[]) => {
      const written = new WrittenBySeries(since)
      let looked = 0
      for await (const days of store.writtenDays(since)) {
        for (const day of days) {
          if ((point === undefined || day.point === point) && covers(rangesFor(day.point), day.start, day.end)) written.add(day)
        }
        looked += days.length
        if (looked >= MOST_DAYS) break
      }
      return { series: written.list(), more: looked >= MOST_DAYS }
    }

    /** Late days compared with what had been told of them, fresh ones taken as they are; newest first. */
    const found = async (written: Awaited<ReturnType<typeof writtenSince>>, since: number, limit: number) => {
      const changes: Change[] = []
      const arrived: Arrived[] = []
      let { more } = written
      for (const [i, series] of written.series.entries()) {
        const late = [...series.late.values()]
        let days = [...series.fresh.values()]
        if (late.length > 0 && i >= MOST_SERIES) more = true
        else if (late.length > 0) {
          const from = Math.min(...late.map(({ start }) => start))
          const to = Math.max(...late.map(({ end }) => end))
          const compared = compare(series, await store.slots(series, 'P1D', from, to), since)
          changes.push(...compared.changes)
          days = days.concat(compared.arrived)
        }
        const line = arrivedOf(series, days)
        if (line) arrived.push(line)
        if (i % AT_ONCE === AT_ONCE - 1) await turn()
      }
      changes.sort((a, b) => b.revisedAt - a.revisedAt || b.start - a.start)
      arrived.sort((a, b) => b.knownAt - a.knownAt)
      return { changes, arrived, more: more || changes.length > limit || arrived.length > limit }
    }

    app.get(
      '/v1/changes',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'What is told otherwise than it was: daily figures revised since an instant, why, and what is new.',
          querystring: Query,
          response: { 200: Answer, ...errorAnswers }
        }
      },
      async (request) => {
        const { query } = request
        const { point, limit } = query
        const known = point === undefined ? null : await knownPoint(deps, request, point)
        const zone = query.zone ?? known?.zone ?? 'UTC'
        const since = query.since === undefined ? startOfYesterday(zone, now()) : whenOf(query.since, zone, 'since')
        if (since > now()) throw new ApiError('bad_request', 'since: this lies in the future; ask for an instant that has passed.')
        const ranges = new Map<string, Range[]>()
        const rangesFor = (each: string): Range[] => {
          const known = ranges.get(each) ?? rangesOf(request, each)
          ranges.set(each, known)
          return known
        }
        const { changes, arrived, more } = await found(await writtenSince(since, point, rangesFor), since, limit)
        const heads = new Heads(deps)
        const shown: z.infer<typeof Answer>['changes'] = []
        for (const { start, end, before, after, revisedAt, unit, ...series } of changes.slice(0, limit)) {
          const { name, versions } = await heads.of(series.point)
          shown.push({
            point: series.point,
            name,
            register: series.register,
            unit,
            day: iso(start),
            end: iso(end),
            before: toldText(before, unit),
            after: after && toldText(after, unit),
            revisedAt: iso(revisedAt),
            why: await reasonsOf(store, { ...series, start, end, since, versions, ranges: rangesFor(series.point) })
          })
          await turn()
        }
        const lines: z.infer<typeof Answer>['arrived'] = []
        for (const { days, from, to, milli, ...series } of arrived.slice(0, limit)) {
          const { name, units } = await heads.of(series.point)
          const unit = units.get(series.register) ?? ''
          const { point, register } = series
          lines.push({ point, name, register, unit, days, from: iso(from), to: iso(to), milli, kwh: kwh(milli, unit) })
        }
        return { since: iso(since), zone, changes: shown, arrived: lines, totals: totalsOf(changes, arrived), more }
      }
    )
  }

const startOfYesterday = (zone: string, now: number): number => {
  const day = storedGrid('P1D')
  return slotAt(day, zone, slotAt(day, zone, now).start - 1).start
}

const toldText = ({ milli, quality }: Figure, unit: string) => ({
  milli,
  kwh: kwh(milli, unit),
  quality: QUALITIES[quality] ?? String(quality)
})

const totalsOf = (changes: readonly Change[], arrived: readonly Arrived[]): z.infer<typeof Answer>['totals'] => {
  const registers = new Map<string, { register: string; unit: string; changes: number; milli: number }>()
  for (const { register, unit, before, after } of changes) {
    const name = `${register}\0${unit}`
    const sum = registers.get(name) ?? { register, unit, changes: 0, milli: 0 }
    sum.changes++
    sum.milli += (after?.milli ?? 0) - before.milli
    registers.set(name, sum)
  }
  return {
    changes: changes.length,
    points: new Set(changes.map(({ point }) => point)).size,
    registers: [...registers.values()].map((sum) => ({ ...sum, kwh: kwh(sum.milli, sum.unit) })),
    arrived: { series: arrived.length, days: arrived.reduce((sum, { days }) => sum + days, 0) }
  }
}

/** Names, registry versions and units of the points that are shown, each read once. */
class Heads {
  readonly #asked = new Map<string, ReturnType<Heads['read']>>()

  constructor(private readonly deps: Deps) {}

  of(point: string): ReturnType<Heads['read']> {
    const asked = this.#asked.get(point) ?? this.read(point)
    this.#asked.set(point, asked)
    return asked
  }

  private async read(point: string) {
    const [versions, latest] = await Promise.all([this.deps.store.points(point), this.deps.store.latest(point)])
    return {
      name: currentVersions(versions).at(-1)?.name ?? '',
      versions,
      units: new Map(latest.map(({ register, unit }) => [register, ledgerUnit(unit)]))
    }
  }
}
