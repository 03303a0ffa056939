import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type Comparison, MAX_COMPARED, others, ours } from '../compare.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { iso, kwh } from '../format.js'
import { aliveSpan, knownPoint, ledgerUnit, PointParam, RegisterParam, registerOf, WhenParam, whenOf, ZoneParam } from '../question.js'

const Query = z.object({
  point: PointParam,
  register: RegisterParam,
  from: WhenParam,
  to: WhenParam.optional().describe('End, excluded, written like `from`; default now.'),
  zone: ZoneParam
})

const Amount = { milli: z.number().describe('Thousandths of the unit.'), kwh: z.string().nullable() }

const Answer = z.object({
  point: z.string(),
  register: z.string(),
  unit: z.string(),
  from: z.string().describe('As asked, or where what is open to you begins.'),
  to: z.string(),
  readings: z.number().describe('Readings in [from, to]. The one before and the one after are looked at too.'),
  ours: z.object({
    ...Amount,
    tail: z.boolean().describe('Energy of unknown amount comes on top.'),
    rules: z.array(z.string()).describe('Rules that fired, besides the plain difference of two readings.')
  }),
  others: z.array(z.object({ name: z.string(), ...Amount })),
  dips: z
    .array(z.object({ at: z.string(), value: z.string(), unit: z.string(), suspect: z.string().nullable() }))
    .describe('Readings below the one before them, newest first, at most 20; `suspect` is why one was set aside.')
})

/** What others would bill from the very same readings. */
export const compareRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    app.get(
      '/v1/compare',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: `What others would bill from the same readings of a counter; at most ${MAX_COMPARED} of them.`,
          querystring: Query,
          response: { 200: Answer, ...errorAnswers }
        }
      },
      async (request) => {
        const { query } = request
        const known = await knownPoint(deps, request, query.point)
        const register = registerOf(known, query.register)
        const latest = known.latest.find((entry) => entry.register === register)
        if (latest?.kind !== 'COUNTER')
          throw new ApiError(
            'bad_request',
            `register: ${register} of this point is no counter, so there is nothing to read differently. Ask about a register that counts.`
          )
        const zone = query.zone ?? known.zone
        const from = whenOf(query.from, zone, 'from')
        const to = query.to === undefined ? now() : whenOf(query.to, zone, 'to')
        if (to <= from) throw new ApiError('bad_request', 'to: the range ends before it begins.')
        const open = known.ranges
          .map((range) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
          .filter((range) => range.from < range.to)
        if (open.length === 0) throw notFound('figure')
        // Nobody waits for the empty months of a range from 1900 to 9999.
        const alive = aliveSpan(known, register)
        const spans = open
          .map((range) => ({ from: Math.max(range.from, alive.from), to: Math.min(range.to, alive.to) }))
          .filter((range) => range.from < range.to)
        const comparison: Comparison = { point: known.point, register, spans, ranges: known.ranges, versions: known.versions }
        const [mine, theirs] = [await ours(deps.store, comparison), await others(deps.store, comparison, deps.compare)]
        const unit = ledgerUnit(latest.unit)
        return {
          point: known.point,
          register,
          unit,
          from: iso(open[0].from),
          to: iso(open[open.length - 1].to),
          readings: theirs.readings,
          ours: { ...mine, kwh: kwh(mine.milli, unit) },
          others: theirs.others.map(({ name, milli }) => ({ name, milli, kwh: kwh(milli, unit) })),
          dips: theirs.dips
        }
      }
    )
  }
