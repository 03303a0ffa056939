import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Refused, Unavailable } from '../../infra/errors.js'
import { STORED_GRIDS } from '../../schemas/grid.js'
import type { Deps, ReconcileStep } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { paced } from '../export/stream.js'

const Reconcile = z.strictObject({
  points: z.array(z.string().min(1).max(150)).min(1).max(10_000).optional().describe('Absent: all points.'),
  from: z.iso.date().optional().describe('First UTC day; absent: from the beginning.'),
  to: z.iso.date().optional().describe('UTC day after the last; absent: all there is.'),
  grid: z.enum(STORED_GRIDS).default('PT1H'),
  apply: z.boolean().default(false).describe('false: nothing is changed.')
})

const NDJSON = 'application/x-ndjson'

/** Copies of the ledger compared with it, and mended. For admins. */
export const reconcileRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/v1/reconcile',
      {
        schema: {
          summary: 'Compares the slots of store and InfluxDB with the ledger, day by day, and rewrites days that differ.',
          body: Reconcile,
          response: {
            200: z
              .any()
              .describe(
                'JSON lines as it goes on, by `step`: reading, comparing, difference; the last one is done, or failed with a message.'
              ),
            ...errorAnswers
          }
        }
      },
      async ({ body: { points, from, to, grid, apply } }, reply) => {
        const span = {
          from: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
          to: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to)
        }
        if (span.to <= span.from) throw new ApiError('bad_request', 'to: the range ends before it begins.')
        const steps = deps.maintenance.reconcile({ ...span, grid, points: points === undefined ? null : new Set(points) }, apply)
        return reply.type(NDJSON).send(paced(linesOf(steps), deps.limits.idleMs))
      }
    )
  }

/** The answer has begun when something turns out to be away: whoever asked is told so in its last line. */
async function* linesOf(steps: AsyncIterable<ReconcileStep>): AsyncGenerator<string> {
  try {
    for await (const step of steps)
      yield `${JSON.stringify('day' in step ? { ...step, day: new Date(step.day).toISOString().slice(0, 10) } : step)}\n`
  } catch (error) {
    if (!(error instanceof Unavailable) && !(error instanceof Refused)) throw error
    yield `${JSON.stringify({ step: 'failed', message: error.message })}\n`
  }
}
