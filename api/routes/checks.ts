import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pace } from '../../infra/pace.js'
import { covers, type Range, readable } from '../../schemas/access.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { EXTREME_REGISTERS, POWER_REGISTERS, pointOfInstallation, VE_REGISTER, zoneOfInstallation } from '../../schemas/installations.js'
import { mergeSlots } from '../../schemas/merge.js'
import { identityOf } from '../auth.js'
import { edgesOf } from '../completeness.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { Id } from '../installation-bodies.js'
import { DayParam, daysAsked, listOf, severalOf } from '../question.js'

/** What people ask for, and the rules that it means. */
const RULES = {
  missing: ['missing'],
  sign: ['sign-consumption', 'sign-production', 'production-at-night'],
  conservation: ['conservation']
} as const

const MOST_FOUND = 50_000

const Query = z.object({
  rule: z
    .enum(['missing', 'sign', 'conservation'])
    .optional()
    .describe('sign: sign-consumption, sign-production and production-at-night. Absent: all of them.'),
  from: DayParam.describe('First local day.'),
  to: DayParam.describe('The day after the last one.'),
  installation: severalOf(Id).describe('Installation or group; may be repeated. Absent: all that are open to you.')
})

const Check = z.object({
  installation: z.string(),
  day: z.string().describe("Local date, in the installation's zone."),
  rule: z.string(),
  value: z.number(),
  threshold: z.number(),
  unit: z.string(),
  text: z.string()
})

/** The daily rules of installations over days of the past. */
export const checkRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    app.get(
      '/v1/installations/checks',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary:
            'What the daily rules find in the stored days of installations, whatever alerts were told. Days that are not over are left out.',
          querystring: Query,
          response: { 200: z.object({ checks: z.array(Check).describe('By installation and day.') }), ...errorAnswers }
        }
      },
      async (request) => {
        const { rule, installation, from, to } = request.query
        const dates = daysAsked(from, to)
        const wanted: readonly string[] = rule === undefined ? Object.values(RULES).flat() : RULES[rule]
        const named = new Set(listOf(installation))
        const identity = identityOf(request)
        const versions = versionsByName(await deps.installations.versions())
        const rangesOf = (id: string) => readable(identity, pointOfInstallation(id))
        const open = [...versions.keys()].filter((id) => (named.size === 0 || named.has(id)) && rangesOf(id).length > 0)
        if (open.length < named.size) throw notFound('installation')
        const at = now()
        const breathe = pace()
        const checks: z.infer<typeof Check>[] = []
        for (const id of open) {
          if (request.socket.destroyed) break
          const edges = edgesOf(dates, zoneOfInstallation(versions.get(id)!))
          const days = dates.map((day, i) => ({ day, start: edges[i], end: edges[i + 1] }))
          const over = days.filter(({ start, end }) => end <= at && covers(rangesOf(id), start, end))
          if (over.length === 0) continue
          const nameOf = new Map(over.map(({ day, start }) => [start, day]))
          const blocks = await daysOf(deps, id, { from: over[0].start, to: over[over.length - 1].end })
          for (const { start, ...finding } of deps.checkDays(versions.get(id)!, over, blocks))
            if (wanted.includes(finding.rule)) checks.push({ installation: id, day: nameOf.get(start)!, ...finding })
          if (checks.length > MOST_FOUND)
            throw new ApiError('too_large', `More than ${MOST_FOUND} findings: ask for fewer days, or for some installations.`)
          await breathe()
        }
        return { checks }
      }
    )
  }

/** The stored days that rules look at. */
const daysOf = async ({ store }: Deps, installation: string, span: Range) => {
  const point = pointOfInstallation(installation)
  const [tot, , cons] = POWER_REGISTERS
  const found = [tot, cons, VE_REGISTER, ...EXTREME_REGISTERS].map(async (register) =>
    mergeSlots(await store.slots({ point, register }, 'P1D', span.from, span.to), span)
  )
  return (await Promise.all(found)).flat()
}
