import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pace } from '../../infra/pace.js'
import type { Latest, Store } from '../../infra/store.js'
import type { Range } from '../../schemas/access.js'
import { share } from '../../schemas/completeness.js'
import type { Point } from '../../schemas/generated.js'
import { currentVersions } from '../../schemas/registry.js'
import { rangesOf } from '../auth.js'
import { type Completeness, completenessOf, isSilent, lifeOf } from '../completeness.js'
import { askedDates, byPoint, dailyIn, edgesByZone, today, USUAL_DAYS } from '../daily.js'
import type { Deps } from '../deps.js'
import { errorAnswers } from '../errors.js'
import { iso } from '../format.js'
import { DayParam, knownPoint, ledgerUnit, PointParam, ZoneParam, zoneAt } from '../question.js'

const YesParam = z.enum(['true', 'false']).default('false')

const Query = z.object({
  from: DayParam.optional().describe(`First local day; default ${USUAL_DAYS} days before \`to\`.`),
  to: DayParam.optional().describe('The day after the last one; default tomorrow.'),
  zone: ZoneParam.describe("IANA zone in which it is today; default the point's own where one is asked for, else UTC."),
  point: PointParam.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Most series shown; those that miss most.'),
  worst: YesParam.describe('true: only series that miss something.'),
  silent: YesParam.describe('true: also series whose newest reading is older than the whole span.')
})

const Row = z.object({
  point: z.string(),
  name: z.string(),
  register: z.string(),
  unit: z.string(),
  zone: z.string().describe('Zone of the point, in which its days are.'),
  completeness: z.number().describe('Share, 0 to 1, of the time in which the series is alive. Time after now is not missing.'),
  missingMs: z.number(),
  missingDays: z.number().describe('Days of which there is nothing.'),
  partialDays: z.number(),
  silent: z.boolean().describe('Its newest reading is older than the whole span.'),
  last: z.string().nullable().describe('Newest reading; null when it lies in time that is not open.'),
  days: z.array(z.number().nullable()).describe('Share of each of the days asked for; null: not alive, in the future, or not open.')
})
const Answer = z.object({
  days: z.array(z.string()).describe("Local dates, the same for every series, each in its point's own zone."),
  series: z.array(Row).describe('Worst first.'),
  totals: z
    .object({
      series: z.number().describe('Series that are alive in the span: complete, partial and silent ones.'),
      complete: z.number(),
      partial: z.number(),
      silent: z.number(),
      missingMs: z.number().describe('Of those that are not silent.')
    })
    .describe('Of all, shown or not.'),
  more: z.boolean().describe('There is more than is shown: ask for one point, or with a higher limit.')
})

interface Head {
  versions: readonly Point[]
  zone: string
  ranges: readonly Range[]
}
interface Found extends Head {
  latest: Latest
  told: Completeness
  silent: boolean
}

/** What is missing, over all meters. */
export const completenessRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    const { store } = deps

    app.get(
      '/v1/completeness',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'How complete each series is, day by day; those that miss most come first.',
          querystring: Query,
          response: { 200: Answer, ...errorAnswers }
        }
      },
      async (request) => {
        const { point, limit, zone, from, to, worst, silent } = request.query
        const known = point === undefined ? null : await knownPoint(deps, request, point)
        const at = now()
        const dates = askedDates(from, to, today(zone ?? known?.zone ?? 'UTC', at))
        const latest = known?.latest ?? (await store.latest())
        const versions = known ? null : byPoint(currentVersions(await store.points()))
        const edges = edgesByZone(dates)
        const totals = { series: 0, complete: 0, partial: 0, silent: 0, missingMs: 0 }
        const kept = new Worst(limit)
        const breathe = pace()
        const heads = new Map<string, Head>()
        const headOf = (id: string): Head => {
          const rows = known?.versions ?? versions?.get(id) ?? []
          const head = heads.get(id) ?? { versions: rows, zone: zoneAt(deps, id, rows), ranges: rangesOf(request, id) }
          heads.set(id, head)
          return head
        }
        for (const each of latest.filter(counts)) {
          // Who has turned to another month waits for this one no longer.
          if (request.socket.destroyed) break
          const head = headOf(each.point)
          if (head.ranges.length === 0) continue
          const found = await completenessIn(store, each, head, edges(head.zone), at)
          await breathe()
          if (!found) continue
          totals.series++
          totals[found.silent ? 'silent' : found.told.missingMs === 0 ? 'complete' : 'partial']++
          if (!found.silent) totals.missingMs += found.told.missingMs
          if (found.silent ? silent === 'true' : worst === 'false' || found.told.missingMs > 0) kept.add(found)
        }
        return { days: dates, series: kept.list().map(rowOf), totals, more: kept.more }
      }
    )
  }

/** Gauges and states cover no time. */
const counts = ({ kind }: Latest): boolean => kind === 'COUNTER' || kind === 'INTERVAL'

const completenessIn = async (store: Store, latest: Latest, head: Head, edges: readonly number[], now: number): Promise<Found | null> => {
  const life = lifeOf(latest.firstAt, latest.at, now)
  // Nothing lies behind the newest reading: who is silent need not be read.
  const rows = latest.at <= edges[0] ? [] : await dailyIn(store, latest, head.versions, head.zone, edges)
  const told = completenessOf(edges, rows, life, head.ranges)
  return told && { ...head, latest, told, silent: isSilent(edges, told, latest.at) }
}

const worstFirst = (a: Found, b: Found): number =>
  b.told.missingMs - a.told.missingMs || (`${a.latest.point} ${a.latest.register}` < `${b.latest.point} ${b.latest.register}` ? -1 : 1)

/** The few that miss most, of very many. */
class Worst {
  #kept: Found[] = []
  more = false

  constructor(private readonly limit: number) {}

  add(found: Found): void {
    this.#kept.push(found)
    if (this.#kept.length > 4 * this.limit) this.#cut()
  }

  list(): readonly Found[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.more ||= this.#kept.length > this.limit
    this.#kept = this.#kept.sort(worstFirst).slice(0, this.limit)
  }
}

const rowOf = ({ latest, versions, zone, ranges, told, silent }: Found): z.infer<typeof Row> => ({
  point: latest.point,
  name: versions.at(-1)?.name ?? '',
  register: latest.register,
  unit: ledgerUnit(latest.unit),
  zone,
  completeness: share(1 - told.missingMs / told.aliveMs),
  missingMs: told.missingMs,
  missingDays: told.missingDays,
  partialDays: told.partialDays,
  silent,
  last: ranges.some(({ from, to }) => from <= latest.at && latest.at < to) ? iso(latest.at) : null,
  days: told.days.map((ratio) => ratio && share(ratio))
})
