import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isSensorId, pointOfSensor } from '../../schemas/installations/members.js'
import type { AskedSensor, Deps, SensorsPort } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { iso } from '../format.js'

/** Tokens that may be entered or taken away in a minute; a hundred of them are a workbook. */
const CHANGES_PER_MINUTE = 60

/** What was given is not repeated: it may be a token. */
const Hex = z
  .string()
  .max(200)
  .trim()
  .toLowerCase()
  .refine(isSensorId, {
    error: ({ input }) =>
      `expected 32 hex digits (0-9, a-f), found ${String(input).length} characters${String(input).length === 32 ? ', not all of them such' : ''}: copy it again from the page of the sensor`
  })

const Sensor = z.object({
  sensor: z.string(),
  point: z.string(),
  state: z
    .string()
    .describe(
      'fine; new: not asked yet; refused: its token; away: nobody answers, or later; unexpected, gone: see detail; unasked: this process asks nobody'
    ),
  detail: z.string(),
  since: z.string().nullable().describe('Since when it is so; null: nobody knows yet.'),
  askedAt: z.string().nullable(),
  kept: z.boolean().describe('Its token lies in the data folder, and can be replaced or taken away here; otherwise the settings name it.')
})
const Port = z.object({
  asks: z.enum(['here', 'elsewhere', 'off']).describe('Whether this process asks for sensors; elsewhere: in a cluster, another one does.'),
  everyMinutes: z.number().nullable().describe('From one round to the next.'),
  advice: z.string().nullable().describe('What to do where this process asks nobody.')
})

/** How the Fluksometer sensors are doing that are asked for over HTTP, and their tokens, which no answer shows. */
export const sensorRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const { tokens } = deps.installations
    const port = () => ({ asks: deps.sensors.asks, everyMinutes: deps.sensors.everyMinutes, advice: ADVICE[deps.sensors.asks] })
    const rowsOf = (sids: Iterable<string>, kept: ReadonlyMap<string, string>): z.infer<typeof Sensor>[] => {
      const asked = new Map(deps.sensors.health().map((each) => [each.sid, each]))
      return [...sids].map((sid) => sensorRow(sid, deps.sensors, asked.get(sid), kept.has(sid)))
    }
    const rateLimit = { max: CHANGES_PER_MINUTE, timeWindow: '1 minute' }

    app.get(
      '/v1/sensors',
      {
        config: { roles: ['admin'] },
        schema: {
          summary:
            'Fluksometer sensors whose token is known, those in trouble first. In a cluster, producers with slot 0 know how they are.',
          response: { 200: Port.extend({ sensors: z.array(Sensor) }), ...errorAnswers }
        }
      },
      async () => {
        const kept = tokens.entries()
        // A token that is named and cannot be read is nobody's; one that was taken away may have been asked for.
        const named = deps.sensors.health().flatMap(({ sid }) => (deps.sensors.named.has(sid) ? [sid] : []))
        const sensors = rowsOf(new Set([...named, ...kept.keys()]), kept)
        const rank = ({ state }: { state: string }) => RANKS.indexOf(state)
        return { ...port(), sensors: sensors.sort((a, b) => rank(a) - rank(b) || (a.sensor < b.sensor ? -1 : 1)) }
      }
    )

    app.post(
      '/v1/sensors',
      {
        config: { rateLimit },
        schema: {
          summary:
            'Keeps the token of a Fluksometer sensor, or puts it in the place of an older one: the sensor is asked in the next round.',
          description:
            'The token is kept in the data folder (sensor-tokens.json, mode 0600) and nowhere else; no answer shows it. Refused where this process asks for no sensors because another one of the cluster does.',
          body: z.strictObject({
            sensor: Hex.describe('Id of the sensor: 32 hex digits.'),
            token: Hex.describe('Its token: 32 hex digits.')
          }),
          response: {
            200: Port.extend({
              sensor: Sensor,
              was: z.enum(['none', 'another', 'the same']).describe('The token that was kept of it before.')
            }),
            ...errorAnswers
          }
        }
      },
      async (request) => {
        const { sensor, token } = request.body
        refuseNamed(deps.sensors, sensor)
        if (deps.sensors.asks === 'elsewhere') throw new ApiError('bad_request', `Nothing was kept. ${ADVICE.elsewhere}`)
        if (sensor === token)
          throw new ApiError(
            'bad_request',
            'sensor, token: these are the same: the page of a sensor shows its id and, apart from it, its token.'
          )
        const known = tokens.entries().get(sensor)
        if (known !== token) tokens.put(new Map([[sensor, token]]))
        const was = known === undefined ? ('none' as const) : known === token ? ('the same' as const) : ('another' as const)
        return { ...port(), sensor: rowsOf([sensor], tokens.entries())[0], was }
      }
    )

    app.delete(
      '/v1/sensors/:sensor',
      {
        config: { rateLimit },
        schema: {
          summary: 'Takes away the token that is kept of a sensor: it is asked no more, and what it told stays.',
          params: z.object({ sensor: Hex }),
          response: { 200: z.object({ sensor: z.string() }), ...errorAnswers }
        }
      },
      async (request) => {
        const { sensor } = request.params
        refuseNamed(deps.sensors, sensor)
        if (!tokens.remove(sensor))
          throw new ApiError('not_found', `No token is kept of sensor ${sensor}; GET /v1/sensors lists those there are.`)
        return { sensor }
      }
    )
  }

/** Trouble first. */
const RANKS = ['refused', 'unexpected', 'gone', 'away', 'unasked', 'new', 'fine']

const ADVICE: Record<SensorsPort['asks'], string | null> = {
  here: null,
  off: 'Nobody is asked: write flukso: { http: {} } into the settings and start again.',
  elsewhere:
    'In a cluster, producers with slot 0 ask for sensors, with the tokens of their own data folder: import a workbook there, or name the sensor in their settings under flukso.http.sensors.'
}

const refuseNamed = ({ named }: SensorsPort, sensor: string): void => {
  if (named.has(sensor))
    throw new ApiError(
      'bad_request',
      `The settings name the token of sensor ${sensor} (flukso.http.sensors): change it where they say that it is.`
    )
}

const sensorRow = (sid: string, { asks, named }: SensorsPort, asked: AskedSensor | undefined, isKept: boolean): z.infer<typeof Sensor> => ({
  sensor: sid,
  point: pointOfSensor(sid),
  state: asked?.state ?? (asks === 'here' ? 'new' : 'unasked'),
  detail: asked?.detail ?? '',
  since: asked ? iso(asked.since) : null,
  askedAt: asked && asked.askedAt > 0 ? iso(asked.askedAt) : null,
  kept: isKept && !named.has(sid)
})
