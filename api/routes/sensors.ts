import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Deps } from '../deps.js'
import { errorAnswers } from '../errors.js'

const Sensor = z.object({
  sensor: z.string(),
  point: z.string(),
  state: z.string().describe('fine; new: not asked yet; refused: its token; away: nobody answers, or later; unexpected, gone: see detail'),
  detail: z.string(),
  since: z.string().describe('since when it is so'),
  askedAt: z.string().nullable()
})

/** How the Fluksometer sensors are doing that this process asks for over HTTP. */
export const sensorRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/sensors',
      {
        config: { roles: ['admin'] },
        schema: {
          summary: 'Fluksometer sensors that are asked for over HTTP, those in trouble first. In a cluster, producers with slot 0 know it.',
          response: { 200: z.object({ sensors: z.array(Sensor) }), ...errorAnswers }
        }
      },
      async () => {
        const iso = (ms: number) => new Date(ms).toISOString()
        const sensors = (deps.sensors?.() ?? []).map(({ sid, state, detail, since, askedAt }) => ({
          sensor: sid,
          point: `flukso/${sid}`,
          state,
          detail,
          since: iso(since),
          askedAt: askedAt === 0 ? null : iso(askedAt)
        }))
        const rank = (state: string) => (state === 'fine' ? 1 : 0)
        return { sensors: sensors.sort((a, b) => rank(a.state) - rank(b.state) || (a.sensor < b.sensor ? -1 : 1)) }
      }
    )
  }
