import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'

const Refold = z.strictObject({
  point: z.string().min(1).max(150).optional().describe('Absent: all points.'),
  from: z.iso.datetime({ offset: true }).optional().describe('Absent: from the beginning.')
})
const Reparsed = z.object({ files: z.number(), readings: z.number(), rejects: z.number() })
const Verified = z.object({
  days: z.number().describe('Point-days compared.'),
  differences: z.array(z.object({ point: z.string(), day: z.string(), ours: z.string().nullable(), replayed: z.string().nullable() }))
})

/** History made again from what is kept: stored readings, raw bytes, topics. For admins. Each answers when it is done. */
export const maintenanceRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/v1/refold',
      {
        schema: {
          summary: 'Folds stored readings again with the present rules.',
          body: Refold,
          response: { 200: z.object({ done: z.literal(true) }), ...errorAnswers }
        }
      },
      async ({ body }) => {
        await deps.maintenance.refold({ point: body.point, from: body.from === undefined ? undefined : Date.parse(body.from) })
        return { done: true as const }
      }
    )
    app.post(
      '/v1/reparse',
      { schema: { summary: 'Reads the raw archive again with the present parsers.', response: { 200: Reparsed, ...errorAnswers } } },
      async () => deps.maintenance.reparse()
    )
    app.post(
      '/v1/replay/verify',
      {
        schema: {
          summary: 'Runs all topics again into an empty store and compares the ledgers by a hash per point and day.',
          response: { 200: Verified, ...errorAnswers }
        }
      },
      async () => {
        const verified = await deps.maintenance.verify()
        if (verified === null) throw new ApiError('overloaded', 'A replay is running already.')
        return verified
      }
    )
  }
