import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { covers, readable } from '../../schemas/access.js'
import { CUTS, halfDayName, halfDayOf, storedHalfDay } from '../../schemas/half-days.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { POWER_SLOT_MS, pointOfInstallation, zoneOfInstallation } from '../../schemas/installations.js'
import { identityOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { errorAnswers, notFound } from '../errors.js'
import { Id } from '../installation-bodies.js'

/** Half-days of installations, as the files that go out by SFTP. */
export const halfDayRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/installations/:id/half-days/:day/:half',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'A half-day of an installation as a CSV file: a row for every eight seconds, W in full, empty where it is not known.',
          params: z.object({ id: Id, day: z.iso.date().describe('Local date.'), half: z.enum(['AM', 'PM']) }),
          querystring: z.object({
            cut: z.enum(CUTS).optional().describe('Where AM ends; absent: as the settings have it under sftp, or at 10:00 UTC.')
          }),
          response: { 200: z.any().describe('The same bytes as the file that is sent.'), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { id, day, half } = request.params
        const versions = versionsByName(await deps.store.installations()).get(id)
        if (versions === undefined) throw notFound('installation')
        const wanted = halfDayOf(day, half, zoneOfInstallation(versions), request.query.cut ?? deps.halfDayCut ?? CUTS[0])
        if (!covers(readable(identityOf(request), pointOfInstallation(id)), wanted.first - POWER_SLOT_MS, wanted.last))
          throw notFound('installation')
        const { content } = await storedHalfDay(deps.store, id, wanted)
        reply.header('content-disposition', `attachment; filename="${halfDayName(id, wanted)}"`)
        return reply.type('text/csv; charset=utf-8').send(content)
      }
    )
  }
