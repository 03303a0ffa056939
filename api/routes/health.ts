import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { ROLES } from '../../schemas/access.js'
import type { Deps } from '../deps.js'
import { ApiError } from '../errors.js'

/** Alive, ready, counted, described. The first two answer without a token, for whatever restarts and routes; only who has one learns why not. */
export const healthRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/healthz',
      { config: { roles: 'everyone', rateLimit: false }, schema: { summary: 'Whether the process is alive.', security: [] } },
      async () => ({ status: 'ok' })
    )

    app.get(
      '/readyz',
      { config: { roles: 'everyone' }, schema: { summary: 'Whether requests can be answered.', security: [] } },
      async (request) => {
        const reason = await deps.ready()
        if (reason !== null) throw new ApiError('overloaded', request.identity ? reason : 'Not ready; with a token this says why.')
        const waiting = request.identity ? deps.waiting?.() : null
        return waiting ? { status: 'ready', waiting } : { status: 'ready' }
      }
    )

    app.get(
      '/metrics',
      { config: { roles: ['admin', 'reader'] }, schema: { summary: 'Prometheus metrics.', produces: ['text/plain'] } },
      async (_request, reply) => {
        const { registry } = deps.metrics
        return reply.type(registry.contentType).send(await registry.metrics())
      }
    )

    app.get('/openapi.json', { config: { roles: ROLES }, schema: { hide: true } }, async () => app.swagger())
  }
