import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Credential, type Identity, type Range, type Role, readable } from '../schemas/access.js'
import type { Deps } from './deps.js'
import { ApiError } from './errors.js'
import { isOwnPage } from './origin.js'

/** What a request showed, and how. */
export interface Shown {
  token: string
  credential: Credential
  /** A browser sends a cookie by itself, whoever made it ask. */
  byCookie: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null without a valid token. */
    identity: Identity | null
    shown: Shown | null
  }
  interface FastifyContextConfig {
    /** Who may use the route: nothing said is nobody but an admin. */
    roles?: readonly Role[] | 'everyone'
  }
}

export const COOKIE = 'wattledger'
const BEARER = /^Bearer +([\w.~+/=-]{1,200})$/i
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

const shownBy = async ({ headers, cookies }: FastifyRequest, deps: Deps): Promise<Shown | null> => {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1]
  const token = bearer ?? cookies[COOKIE]
  if (!token) return null
  const credential = await deps.access.identify(token)
  return credential && { token, credential, byCookie: bearer === undefined }
}

/**
 * First who it is (onRequest, before the rate limit, which counts by identity), then whether they may (preParsing, before a byte
 * of the body is read). A token stands in a header only, the cookie of a browser included: URLs end up in logs.
 */
export const authorise = (app: FastifyInstance, deps: Deps): void => {
  app.decorateRequest('identity', null)
  app.decorateRequest('shown', null)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    request.shown = await shownBy(request, deps)
    if (!request.shown) return
    const { name, role, grants } = request.shown.credential.entry
    request.identity = { name, role, grants }
  })
  app.addHook('preParsing', async (request) => {
    if (request.shown?.byCookie && !SAFE_METHODS.includes(request.method) && !isOwnPage(request.headers, deps.live?.origins)) {
      throw new ApiError('forbidden', 'Only pages of this address may change things for who is signed in; programs send a token.')
    }
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
