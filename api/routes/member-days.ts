import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pace } from '../../infra/pace.js'
import type { Latest } from '../../infra/store.js'
import { share } from '../../schemas/completeness.js'
import type { Point } from '../../schemas/generated.js'
import { type Expected, expectedMembers } from '../../schemas/installations/expected.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { currentVersions } from '../../schemas/registry.js'
import { type Completeness, completenessOf, lifeOf } from '../completeness.js'
import { askedDates, byPoint, dailyIn, edgesByZone, today, USUAL_DAYS } from '../daily.js'
import type { Deps } from '../deps.js'
import { errorAnswers, notFound } from '../errors.js'
import { iso } from '../format.js'
import { Id } from '../installation-bodies.js'
import { DayParam, zoneAt } from '../question.js'

const Query = z.object({
  from: DayParam.optional().describe(`First local day; default ${USUAL_DAYS} days before \`to\`.`),
  to: DayParam.optional().describe('The day after the last one; default tomorrow.'),
  installation: Id.optional().describe('Only the members of this installation or group; absent: of all.'),
  limit: z.coerce.number().int().min(1).max(5000).default(1000).describe('Most members shown; those that miss most.')
})

const Row = z.object({
  point: z.string(),
  name: z.string(),
  register: z.string(),
  zone: z.string().describe('Zone of the point, in which its days are.'),
  label: z.string().describe('What it measures, as the smallest installation says that it is a member of.'),
  device: z.string().describe('Serial of its device.'),
  installations: z.array(z.string()).describe('Those, of the ones asked for, that it is a member of; smallest first.'),
  completeness: z.number().describe('Share, 0 to 1, of the time in which something is expected of it.'),
  missingMs: z.number(),
  missingDays: z.number().describe('Days of which there is nothing.'),
  partialDays: z.number(),
  last: z.string().nullable().describe('Newest reading; null: none ever came.'),
  days: z.array(z.number().nullable()).describe('Share of each of the days asked for; null: nothing is expected, or not yet.')
})
const Answer = z.object({
  days: z.array(z.string()).describe("Local dates, the same for every member, each in its point's own zone."),
  members: z.array(Row).describe('Worst first.'),
  totals: z
    .object({
      members: z.number().describe('Those of which something is expected in these days.'),
      complete: z.number(),
      missing: z.number().describe('Those of which there is nothing at all.'),
      missingMs: z.number()
    })
    .describe('Of all, shown or not.'),
  more: z.boolean().describe('There are more than are shown: ask for one installation, or with a higher limit.')
})

/**
 * Which days of the members of installations are missing. Otherwise than GET /v1/completeness it tells of those that are silent, or
 * never spoke, as well: somebody said that they are there.
 */
export const memberDayRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    const { store } = deps
    app.get(
      '/v1/installations/completeness',
      {
        config: { roles: ['admin'] },
        schema: {
          summary: 'How complete each member of installations is, day by day; those that miss most come first.',
          description:
            'Something is expected of a member while it is one: from its StartDate, where one is written; otherwise from its first reading; of one that never spoke, from the first day of the version.',
          querystring: Query,
          response: { 200: Answer, ...errorAnswers }
        }
      },
      async (request) => {
        const { from, to, installation, limit } = request.query
        const all = versionsByName(await deps.installations.versions())
        const chosen = installation === undefined ? all : new Map([...all].filter(([id]) => id === installation))
        if (installation !== undefined && chosen.size === 0) throw notFound('installation')
        const at = now()
        const dates = askedDates(from, to, today(deps.sourceZone(''), at))
        const edgesIn = edgesByZone(dates)
        const [latest, points] = await Promise.all([store.latest(), store.points()])
        const newest = new Map(latest.map((each) => [`${each.point}|${each.register}`, each]))
        const versions = byPoint(currentVersions(points))
        const breathe = pace()
        const rows: z.infer<typeof Row>[] = []
        for (const member of expectedMembers(chosen)) {
          // Who has turned to another month waits for this one no longer.
          if (request.socket.destroyed) break
          const known = newest.get(`${member.point}|${member.register}`) ?? null
          const said = versions.get(member.point) ?? []
          const zone = zoneAt(deps, member.point, said)
          const edges = edgesIn(zone)
          // Nothing lies behind the newest reading: who is silent need not be read.
          const days = known && known.at > edges[0] ? await dailyIn(store, known, said, zone, edges) : []
          await breathe()
          const told = completenessOf(edges, days, lifeOfMember(member, known, at), member.spans)
          if (told) rows.push(rowOf(member, known, said, zone, told))
        }
        rows.sort((a, b) => b.missingMs - a.missingMs || (nameOf(a) < nameOf(b) ? -1 : 1))
        const missing = rows.filter(({ completeness }) => completeness === 0).length
        const complete = rows.filter(({ missingMs }) => missingMs === 0).length
        const missingMs = rows.reduce((sum, row) => sum + row.missingMs, 0)
        const totals = { members: rows.length, complete, missing, missingMs }
        return { days: dates, members: rows.slice(0, limit), totals, more: rows.length > limit }
      }
    )
  }

/** Those that miss as much stand by installation. */
const nameOf = ({ installations, label, point, register }: z.infer<typeof Row>): string =>
  [installations[0], label, point, register].join(' ')

const lifeOfMember = ({ isDated }: Expected, latest: Latest | null, now: number) => {
  if (latest === null) return { from: Number.NEGATIVE_INFINITY, to: now }
  const { from, to } = lifeOf(latest.firstAt, latest.at, now)
  return { from: isDated ? Number.NEGATIVE_INFINITY : from, to }
}

const rowOf = (member: Expected, latest: Latest | null, versions: readonly Point[], zone: string, told: Completeness) => {
  const { point, register, label, device, installations } = member
  const { aliveMs, missingMs, missingDays, partialDays, days } = told
  return {
    ...{ point, name: versions.at(-1)?.name ?? '', register, zone, label, device, installations },
    completeness: share(1 - missingMs / aliveMs),
    ...{ missingMs, missingDays, partialDays },
    last: latest && iso(latest.at),
    days: days.map((ratio) => ratio && share(ratio))
  }
}
