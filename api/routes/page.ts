import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'

const YEAR_MS = 365 * 86_400_000

/** As a Host header may be; anything else must not get into another header. */
const HOST = /^[\w.[\]:-]{1,260}$/

/** Nothing but what this server sends. Not every browser takes 'self' to mean its websocket too. */
const contentPolicy = (host: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${HOST.test(host) ? ` ws://${host} wss://${host}` : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')

/** The page, as it was built into a folder. Everyone may have it: it holds no figures, and asks for them as whoever signed in. */
export const pageRoutes =
  (folder: string): FastifyPluginAsync =>
  async (app) => {
    await app.register(staticFiles, { serve: false, root: folder, preCompressed: true })
    const open = { config: { roles: 'everyone' }, schema: { hide: true } } as const
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({
        'content-security-policy': contentPolicy(request.host),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer'
      })
    })
    const alwaysFresh = (file: string) => async (_request: FastifyRequest, reply: FastifyReply) =>
      reply.header('cache-control', 'no-cache').sendFile(file, { cacheControl: false })

    app.get('/', open, alwaysFresh('index.html'))
    app.get('/favicon.svg', open, alwaysFresh('favicon.svg'))
    // What changes gets another name.
    app.get<{ Params: { '*': string } }>('/assets/*', open, async (request, reply) =>
      reply.sendFile(request.params['*'], join(folder, 'assets'), { maxAge: YEAR_MS, immutable: true })
    )
  }
