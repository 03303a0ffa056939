import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.js'
import { ApiError } from '../errors.js'
import { LIMITS } from './limits.js'
import type { LivePorts } from './ports.js'
import { Server } from './server.js'
import type { Who } from './who.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who opens the socket; null: whoever says so in hello. */
    who: Who | null
  }
}

const COOKIE = /(?:^|;\s*)wattledger=([\w.~+/=-]{1,400})/
const BEARER = /^Bearer +(.+)$/i
/** A page that reconnects all its readers after a restart is no attack. */
const UPGRADES_PER_MINUTE = 30_000

/** A browser says where a page came from; a page of another site must not use its visitor's cookie. Programs send no origin. */
export const isOwnOrigin = (origin: string | undefined, host: string | undefined, others: readonly string[] = []): boolean => {
  if (origin === undefined) return true
  if (others.includes(origin)) return true
  try {
    return host !== undefined && new URL(origin).host.toLowerCase() === host.toLowerCase()
  } catch {
    return false
  }
}

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
    app.route({
      method: 'GET',
      url: '/v1/live',
      exposeHeadRoute: false,
      schema: { hide: true },
      config: { roles: 'everyone', rateLimit: { max: UPGRADES_PER_MINUTE, timeWindow: '1 minute' } },
      preValidation: async (request: FastifyRequest) => {
        if (!isOwnOrigin(request.headers.origin, request.headers.host, ports.origins))
          throw new ApiError('forbidden', 'Pages of another origin may not connect here.')
        request.who = await ownerOf(server, request)
      },
      handler: async () => {
        throw new ApiError('bad_request', 'Connect with a websocket: metering.v1, see docs/websocket.md.')
      },
      wsHandler: (socket, request) => server.accept(socket, request.who)
    })
  }

/** Whoever shows something must be somebody; who shows nothing may still say hello. */
const ownerOf = async (server: Server, request: FastifyRequest): Promise<Who | null> => {
  const { authorization, cookie } = request.headers
  const token = BEARER.exec(authorization ?? '')?.[1] ?? COOKIE.exec(cookie ?? '')?.[1]
  const who = token === undefined ? null : await server.whoHas(token)
  if (who) {
    forbidDevices(who)
    return who
  }
  // Shown in a way of its own, such as a session's cookie that is no token.
  if (request.identity && cookie !== undefined && authorization === undefined) {
    const identified: Who = { identity: request.identity, tokenHash: null, header: { cookie }, expiresAt: null }
    forbidDevices(identified)
    return identified
  }
  if (authorization !== undefined) throw new ApiError('unauthorized', 'Send a valid token: "Authorization: Bearer <token>".')
  // A cookie that is no longer good: the page can still say hello with a token.
  return null
}

const forbidDevices = ({ identity }: Who): void => {
  if (identity.role === 'device') throw new ApiError('forbidden', 'Devices send and do not read.')
}
