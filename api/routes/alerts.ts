import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isActiveAlert, parseAlertKey } from '../../schemas/alerts.js'
import { AlertBody, alertRow, findAlert, mayRead } from '../alerts.js'
import { identityOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { knownPoint, PointParam, WhenParam, whenOf, ZoneParam } from '../question.js'

const Alerts = z.object({ alerts: z.array(AlertBody), more: z.boolean().describe('There are more than are shown.') })

/** Of those that began in the range; what is not open to whoever asks is passed over. */
const MOST_LOOKED_AT = 20_000

/** What is wrong with meters, payloads or the platform, and what was. */
export const alertRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/alerts',
      {
        config: { roles: ['admin', 'reader'] as const },
        schema: {
          summary: 'Alerts with their evidence, newest first.',
          querystring: z.object({
            point: PointParam.optional(),
            rule: z.string().max(40).optional(),
            active: z.enum(['true', 'false']).optional().describe('true: only those that are neither resolved nor retracted.'),
            from: WhenParam.optional().describe('Those that began at or after this instant.'),
            to: WhenParam.optional().describe('Those that began before this instant.'),
            zone: ZoneParam,
            limit: z.coerce.number().int().min(1).max(5_000).default(200)
          }),
          response: { 200: Alerts, ...errorAnswers }
        }
      },
      async (request) => {
        const { point, rule, active, from, to, limit } = request.query
        const zone = request.query.zone ?? (point === undefined ? 'UTC' : (await knownPoint(deps, request, point)).zone)
        const found = await deps.store.alerts({
          subject: point,
          rule,
          active: active === 'true',
          from: from === undefined ? undefined : whenOf(from, zone, 'from'),
          to: to === undefined ? undefined : whenOf(to, zone, 'to'),
          limit: MOST_LOOKED_AT
        })
        const open = found.filter((alert) => mayRead(identityOf(request), alert))
        return { alerts: open.slice(0, limit).map(alertRow), more: open.length > limit || found.length === MOST_LOOKED_AT }
      }
    )

    app.post(
      '/v1/alerts/ack',
      {
        schema: {
          summary: 'Acknowledges an alert: it reminds nobody any more. It stays until its condition is gone.',
          body: z.object({ alertKey: z.string().min(1).max(400), note: z.string().max(500).default('') }),
          response: { 202: z.object({ alert: AlertBody }), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { alertKey, note } = request.body
        const identity = parseAlertKey(alertKey)
        const alert = identity && (await findAlert(deps.store, identity))
        if (!alert || !identity) throw notFound('alert')
        if (!isActiveAlert(alert))
          throw new ApiError('bad_request', `That alert is over (${alert.state}): there is nothing to acknowledge.`)
        await deps.alerts.acknowledge({ ...identity, by: identityOf(request).name, note })
        return reply.code(202).send({ alert: alertRow((await findAlert(deps.store, identity)) ?? alert) })
      }
    )
  }
