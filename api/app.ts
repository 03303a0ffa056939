import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import {
  type FastifyPluginAsyncZod,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider
} from 'fastify-type-provider-zod'
import { authorise, COOKIE } from './auth.js'
import type { Deps } from './deps.js'
import { ApiError, answerErrors } from './errors.js'
import { liveRoutes } from './live/route.js'
import { accessRoutes } from './routes/access.js'
import { alertRoutes } from './routes/alerts.js'
import { changeRoutes } from './routes/changes.js'
import { checkRoutes } from './routes/checks.js'
import { compareRoutes } from './routes/compare.js'
import { completenessRoutes } from './routes/completeness.js'
import { explainRoutes } from './routes/explain.js'
import { exportRoutes } from './routes/export.js'
import { fileRoutes } from './routes/files.js'
import { halfDayRoutes } from './routes/half-days.js'
import { healthRoutes } from './routes/health.js'
import { installationRoutes } from './routes/installations.js'
import { maintenanceRoutes } from './routes/maintenance.js'
import { memberDayRoutes } from './routes/member-days.js'
import { pageRoutes } from './routes/page.js'
import { pointRoutes } from './routes/points.js'
import { reconcileRoutes } from './routes/reconcile.js'
import { registryRoutes } from './routes/registry.js'
import { rejectRoutes } from './routes/rejects.js'
import { rulesRoutes } from './routes/rules.js'
import { sensorRoutes } from './routes/sensors.js'
import { seriesRoutes } from './routes/series.js'
import { sessionRoutes } from './routes/session.js'
import { setAsideRoutes } from './routes/set-aside.js'
import { topicRoutes } from './routes/topics.js'

const REQUESTS_PER_MINUTE = 3000

/** Builds the API and opens no port: tests inject, main.ts listens. */
export const buildApp = async (deps: Deps): Promise<FastifyInstance> => {
  const app = Fastify({
    ...(deps.logger ? { loggerInstance: deps.logger } : { logger: false }),
    bodyLimit: deps.limits.body,
    // Point names and origins in paths are at most this long.
    routerOptions: { maxParamLength: 200 }
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  answerErrors(app)
  await app.register(cookie)
  authorise(app, deps)
  await app.register(rateLimit, {
    max: deps.limits.requestsPerMinute ?? REQUESTS_PER_MINUTE,
    timeWindow: '1 minute',
    keyGenerator: (request) => (request.identity ? `who ${request.identity.name}` : `from ${request.ip}`),
    errorResponseBuilder: (_request, { after }) => new ApiError('rate_limited', `Too many requests; try again in ${after}.`)
  })
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw new ApiError('not_found', 'There is no such address here; /openapi.json lists those there are.')
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    deps.metrics.requestSeconds.observe({ method, route: routeOptions.url ?? 'none', status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  await app.register(swagger, {
    openapi: {
      info: { title: 'Wattledger', description: 'Every kWh can be explained, replayed and revised.', version: '1' },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer' }, browser: { type: 'apiKey', in: 'cookie', name: COOKIE } }
      },
      security: [{ token: [] }, { browser: [] }]
    },
    transform: jsonSchemaTransform
  })
  await app.register(healthRoutes(deps))
  if (!deps.healthOnly) await app.register(everyRoute(deps))
  await app.ready()
  return app as unknown as FastifyInstance
}

const everyRoute =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    for (const routes of [
      pointRoutes,
      seriesRoutes,
      exportRoutes,
      explainRoutes,
      compareRoutes,
      changeRoutes,
      completenessRoutes,
      fileRoutes,
      setAsideRoutes,
      sensorRoutes,
      alertRoutes,
      rejectRoutes,
      rulesRoutes,
      registryRoutes,
      installationRoutes,
      memberDayRoutes,
      checkRoutes,
      halfDayRoutes,
      accessRoutes,
      sessionRoutes,
      maintenanceRoutes,
      reconcileRoutes
    ]) {
      await app.register(routes(deps))
    }
    if (deps.page !== undefined) await app.register(pageRoutes(deps.page))
    if (!deps.live) return
    await app.register(topicRoutes(deps.live))
    await app.register(liveRoutes(deps, deps.live))
  }
