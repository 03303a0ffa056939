import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Identity, type Range, type Role, readable } from '../schemas/access.js'
import type { Deps } from './deps.js'
import { ApiError } from './errors.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null without a valid token. */
    identity: Identity | null
  }
  interface FastifyContextConfig {
    /** Who may use the route: nothing said is nobody but an admin. */
    roles?: readonly Role[] | 'everyone'
  }
}

const BEARER = /^Bearer +([\w.~+/=-]{1,200})$/i

/**
 * First who it is (onRequest, before the rate limit, which counts by identity), then whether they may (preParsing, before a byte
 * of the body is read). A token stands in the header only: URLs end up in logs.
 */
export const authorise = (app: FastifyInstance, deps: Deps): void => {
  app.decorateRequest('identity', null)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    if (!token) return
    const entry = await deps.access.identify(token)
    if (entry) request.identity = { name: entry.name, role: entry.role, grants: entry.grants }
  })
  app.addHook('preParsing', async (request) => {
    const roles = request.routeOptions.config.roles ?? ['admin']
    if (roles === 'everyone') return
    if (!request.identity) throw new ApiError('unauthorized', 'Send a token: "Authorization: Bearer <token>".')
    if (!request.is404 && !roles.includes(request.identity.role)) {
      throw new ApiError('forbidden', `This needs the role ${roles.join(' or ')}; the token has the role ${request.identity.role}.`)
    }
  })
}

/** Set by the hook above on every route that is not for everyone. */
export const identityOf = (request: FastifyRequest): Identity => {
  if (!request.identity) throw new ApiError('unauthorized', 'Send a token: "Authorization: Bearer <token>".')
  return request.identity
}

export const rangesOf = (request: FastifyRequest, point: string): Range[] => readable(identityOf(request), point)

/** For what belongs to no point, such as a file that could not be read: it may hold anybody's figures. */
export const requireEverything = (request: FastifyRequest): void => {
  const whole = readable(identityOf(request), '*').some(
    ({ from, to }) => from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY
  )
  if (!whole) throw new ApiError('forbidden', 'This needs the role admin, or a grant on every point for all time.')
}
