import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { STORED_GRIDS } from '../../schemas/grid.js'
import { alertRow } from '../alerts.js'
import { ApiError, type Code, errorAnswers } from '../errors.js'
import { listOf, PointParam, severalOf, WhenParam, whenOf } from '../question.js'
import { FrameError, type FrameOf } from './requests.js'
import { tellRevised } from './revised.js'
import type { Server } from './server.js'
import { LineStream, type Tell } from './stream.js'
import { whoOf } from './who.js'

const Selection = {
  point: severalOf(PointParam).describe('Metering point; may be repeated. Absent: all that are open to you.'),
  register: severalOf(z.string().min(1).max(80)).describe('Register; may be repeated. Absent: all.'),
  cursor: z
    .string()
    .min(1)
    .max(12_000)
    .optional()
    .describe('Of the last line you have worked in: everything after it comes, or `begin` says why it cannot.')
}
const Asked = z.object(Selection)
type Asked = z.infer<typeof Asked>

const answers = { 200: z.any().describe('JSON lines without an end; docs/topics.md says what they are.'), ...errorAnswers }
/** A proxy that collects lines before it hands them on would make silence of them. */
const HEADERS = { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' }
const config = { roles: ['admin', 'reader'] as const }

/** What follows the topics for who has no Kafka, or wants none: JSON lines that end when the client does. */
export const streamRoutes =
  (server: Server): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/alerts/stream',
      {
        exposeHeadRoute: false,
        config,
        schema: {
          summary: 'Alerts as they stand, then every step of every alert, as JSON lines.',
          querystring: z.object({
            ...Selection,
            from: WhenParam.optional().describe('Of those that stand, only the ones that began at or after this instant.')
          }),
          response: answers
        }
      },
      async (request, reply) => {
        const { from } = request.query
        const otherwise = from === undefined ? 'snapshot' : { at: whenOf(from, 'UTC', 'from') }
        const tell: Tell = async (rows) => rows.map(({ alert }) => ({ t: 'alert', ...alertRow(alert!) }))
        const { answer } = await opened(server, request, subOf(request.query, 'alerts', otherwise), tell)
        return reply.headers(HEADERS).send(answer)
      }
    )

    app.get(
      '/v1/changes/stream',
      {
        exposeHeadRoute: false,
        config,
        schema: {
          summary: 'Figures that are told otherwise than they were, the moment they are, as JSON lines.',
          querystring: z.object({
            ...Selection,
            grid: z
              .enum([...STORED_GRIDS, 'intervals'])
              .default('P1D')
              .describe('Of slots, or the ledger’s intervals.')
          }),
          response: answers
        }
      },
      async (request, reply) => {
        const { grid: asked } = request.query
        const grid = asked === 'intervals' ? null : asked
        const frame = subOf(request.query, grid === null ? 'intervals' : 'slots', NOTHING_YET, grid)
        const { answer } = await opened(server, request, frame, tellRevised(server.deps.store, server.hub, grid))
        return reply.headers(HEADERS).send(answer)
      }
    )
  }

/** What was told before is asked with GET /v1/changes. */
const NOTHING_YET = { at: Number.POSITIVE_INFINITY }

type Sub = FrameOf<'sub'>

const subOf = (
  { point, register, cursor }: Asked,
  measure: 'alerts' | 'slots' | 'intervals',
  otherwise: 'snapshot' | { at: number },
  grid: string | null = null
): Sub => {
  const [points, registers] = [listOf(point), listOf(register)]
  return {
    t: 'sub',
    id: 0,
    select: { points: points.length > 0 ? points : '*', ...(registers.length > 0 && { registers }), measure },
    ...(grid !== null && { grid }),
    from: cursor === undefined ? otherwise : { cursor, otherwise },
    policy: 'block',
    // What may be sent is for TCP to say.
    credit: Number.MAX_SAFE_INTEGER
  }
}

const opened = async (server: Server, request: FastifyRequest, frame: Sub, tell: Tell): Promise<LineStream> => {
  const { credential, token } = request.shown!
  try {
    const stream = new LineStream(server, whoOf(credential, token), tell)
    await stream.begin(frame)
    return stream
  } catch (error) {
    throw error instanceof FrameError ? new ApiError(CODES[error.code] ?? (error.code as Code), error.message, error.more.issues) : error
  }
}

/** What has no status of its own over HTTP. */
const CODES: Partial<Record<FrameError['code'], Code>> = {
  unsupported: 'bad_request',
  unknown_channel: 'bad_request',
  cursor_expired: 'bad_request',
  too_many_subs: 'rate_limited'
}
