import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ROLES } from '../../schemas/access.js'
import { asyncApi } from '../../schemas/asyncapi.js'
import { NotARecord } from '../../schemas/wire.js'
import { errorAnswers, notFound } from '../errors.js'
import type { LivePorts } from '../live/ports.js'
import { VERSION } from '../version.js'

/** What programs need that read the topics themselves; docs/topics.md. */
export const topicRoutes =
  ({ log, wire, sources }: LivePorts): FastifyPluginAsyncZod =>
  async (app) => {
    const document = asyncApi({ version: VERSION, sources, partitions: log.partitions })
    app.get('/asyncapi.json', { config: { roles: ROLES }, schema: { hide: true } }, async () => document)

    app.get(
      '/schemas/ids/:id',
      {
        config: { roles: ROLES },
        schema: {
          summary: 'The Avro schema of an id in the topics, as a Confluent schema registry answers it.',
          params: z.object({ id: z.coerce.number().int().min(0).max(0xffffffff) }),
          response: { 200: z.object({ schema: z.string() }), ...errorAnswers }
        }
      },
      async (request) => {
        try {
          return { schema: await wire.schemaOf(request.params.id) }
        } catch (error) {
          throw error instanceof NotARecord ? notFound('schema') : error
        }
      }
    )
  }
