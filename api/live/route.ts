import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.js'
import { ApiError } from '../errors.js'
import { isOwnOrigin } from '../origin.js'
import { LIMITS } from './limits.js'
import type { LivePorts } from './ports.js'
import { Server } from './server.js'
import { streamRoutes } from './stream-routes.js'
import { type Who, whoOf } from './who.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who opens the socket; null: whoever says so in hello. */
    who: Who | null
  }
}

/** A page that reconnects all its readers after a restart is no attack. */
const UPGRADES_PER_MINUTE = 30_000

/** `metering.v1` at /v1/live; docs/websocket.md. */
export const liveRoutes =
  (deps: Deps, ports: LivePorts): FastifyPluginAsync =>
  async (app) => {
    const server = new Server(app as FastifyInstance, deps, ports)
    // A little more than a frame may have, so that a slightly larger one is answered and not cut off.
    const maxPayload = 2 * (ports.limits?.frameIn ?? LIMITS.frameIn)
    await app.register(websocket, {
      options: { maxPayload, perMessageDeflate: false },
      errorHandler: (error, socket) => {
        deps.logger?.info({ err: error }, 'a websocket broke')
        socket.terminate()
      },
      preClose: (done) => {
        server.close().then(
          () => done(),
          (error) => {
            server.report(error)
            done()
          }
        )
      }
    })
    app.decorateRequest('who', null)
    await app.register(streamRoutes(server))
    app.route({
      method: 'GET',
      url: '/v1/live',
      exposeHeadRoute: false,
      schema: { hide: true },
      config: { roles: 'everyone', rateLimit: { max: UPGRADES_PER_MINUTE, timeWindow: '1 minute' } },
      preValidation: async (request: FastifyRequest) => {
        if (!isOwnOrigin(request.headers, ports.origins)) throw new ApiError('forbidden', 'Pages of another origin may not connect here.')
        request.who = ownerOf(request)
      },
      handler: async () => {
        throw new ApiError('bad_request', 'Connect with a websocket: metering.v1, see docs/websocket.md.')
      },
      wsHandler: (socket, request) => server.accept(socket, request.who)
    })
  }

/** Whoever shows something must be somebody; who shows nothing may still say hello. */
const ownerOf = ({ shown, headers }: FastifyRequest): Who | null => {
  if (shown) {
    if (shown.credential.entry.role === 'device') throw new ApiError('forbidden', 'Devices send and do not read.')
    return whoOf(shown.credential, shown.token)
  }
  if (headers.authorization !== undefined) throw new ApiError('unauthorized', 'Send a valid token: "Authorization: Bearer <token>".')
  // A cookie that is no longer good: the page can still say hello with a token.
  return null
}
