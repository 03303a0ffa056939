import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { covers } from '../../schemas/access.js'
import { requireEverything } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { knownPoint, PointParam, WhenParam, whenOf, ZoneParam } from '../question.js'
import { RejectBody, rejectRow, SuspectBody, suspectRow } from '../shown.js'

const MAX_SUSPECTS = 10_000

const Suspects = z.object({ point: z.string(), zone: z.string(), suspects: z.array(SuspectBody) })
const Rejects = z.object({ rejects: z.array(RejectBody) })
const Counts = z.object({ counts: z.array(z.object({ reason: z.string(), count: z.number() })) })

/** What was set aside: lines that could not be read, readings that were not believed. */
export const setAsideRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const config = { roles: ['admin', 'reader'] as const }

    app.get(
      '/v1/rejects',
      {
        config,
        schema: {
          summary: 'Lines and files that could not be read, newest first.',
          querystring: z.object({
            reason: z.string().max(100).optional(),
            origin: z.string().max(100).optional(),
            limit: z.coerce.number().int().min(1).max(10_000).default(100)
          }),
          response: { 200: Rejects, ...errorAnswers }
        }
      },
      async (request) => {
        requireEverything(request)
        const rejects = await deps.store.rejects(request.query)
        return { rejects: rejects.map(rejectRow) }
      }
    )

    app.get(
      '/v1/rejects/counts',
      { config, schema: { summary: 'How many could not be read, by reason.', response: { 200: Counts, ...errorAnswers } } },
      async (request) => {
        requireEverything(request)
        const counts = [...(await deps.store.counts('rejects'))].map(([reason, count]) => ({ reason, count }))
        return { counts: counts.sort((a, b) => b.count - a.count) }
      }
    )

    app.get(
      '/v1/suspects',
      {
        config,
        schema: {
          summary: 'Readings of a point that were not believed.',
          querystring: z.object({
            point: PointParam,
            register: z.string().max(80).optional(),
            from: WhenParam.optional(),
            to: WhenParam.optional(),
            zone: ZoneParam
          }),
          response: { 200: Suspects, ...errorAnswers }
        }
      },
      async (request) => {
        const { query } = request
        const known = await knownPoint(deps, request, query.point)
        const zone = query.zone ?? known.zone
        const from = query.from === undefined ? 0 : whenOf(query.from, zone, 'from')
        const to = query.to === undefined ? Number.MAX_SAFE_INTEGER : whenOf(query.to, zone, 'to')
        const registers = query.register === undefined ? known.latest.map(({ register }) => register) : [query.register]
        const found = await Promise.all(registers.map((register) => deps.store.suspects({ point: known.point, register }, from, to)))
        const open = found.flat().filter(({ at, until }) => covers(known.ranges, at, until + 1))
        if (open.length > MAX_SUSPECTS) throw new ApiError('too_large', `More than ${MAX_SUSPECTS} suspects: ask for a shorter range.`)
        return { point: known.point, zone, suspects: open.sort((a, b) => a.at - b.at).map(suspectRow) }
      }
    )
  }
