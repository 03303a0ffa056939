import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type Credential, ROLES } from '../../schemas/access.js'
import { signInLink } from '../access/codes.js'
import { COOKIE, identityOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { iso } from '../format.js'
import { isOwnOrigin } from '../origin.js'
import { VERSION } from '../version.js'
import { Name } from './access.js'

const LINK_MS = 15 * 60_000
const SIGN_INS_PER_MINUTE = 10

const Session = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  expiresAt: z.string().nullable().describe('When this browser, or the token, is signed out by itself; null: never.'),
  demo: z.boolean().describe('Whether the ledger plays the demo: its figures are made up.'),
  version: z.string()
})

/** Where the browser, or program, that asks reaches this server: a proxy may speak https where we speak http. */
const addressOf = ({ headers, protocol, host }: FastifyRequest, others?: readonly string[]): string =>
  headers.origin !== undefined && isOwnOrigin(headers, others) ? headers.origin : `${protocol}://${host}`

/** A browser signs in with a one-time code, and is someone by its cookie from then on. */
export const sessionRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const origins = deps.live?.origins
    const shown = ({ entry, expiresAt }: Credential): z.infer<typeof Session> => ({
      name: entry.name,
      role: entry.role,
      expiresAt: expiresAt === null ? null : iso(expiresAt),
      demo: deps.demo ?? false,
      version: VERSION
    })
    const cookieFor = (request: FastifyRequest) =>
      ({ httpOnly: true, sameSite: 'strict', path: '/', secure: addressOf(request, origins).startsWith('https:') }) as const

    app.get(
      '/v1/session',
      {
        config: { roles: ROLES },
        schema: { summary: 'Who asks, by cookie or token.', response: { 200: Session, ...errorAnswers } }
      },
      async (request) => shown(request.shown!.credential)
    )

    app.post(
      '/v1/session',
      {
        config: {
          roles: 'everyone',
          rateLimit: { max: SIGN_INS_PER_MINUTE, timeWindow: '1 minute', keyGenerator: ({ ip }: FastifyRequest) => ip }
        },
        schema: {
          summary: "Signs this browser in with the code of a one-time link, or somebody's own token: the answer sets an HttpOnly cookie.",
          security: [],
          body: z.strictObject({ code: z.string().min(1).max(200) }),
          response: { 200: Session, ...errorAnswers }
        }
      },
      async (request, reply) => {
        if (!isOwnOrigin(request.headers, origins)) throw new ApiError('forbidden', 'Pages of another origin may not sign in here.')
        const signedIn = await deps.access.signIn(request.body.code)
        if (!signedIn) {
          throw new ApiError(
            'unauthorized',
            'This link was used already or is too old, or it is nobody’s secret. Make another link: "wattledger access link" beside the running ledger.'
          )
        }
        const { token, credential } = signedIn
        const maxAge = Math.floor((credential.expiresAt! - (deps.now ?? Date.now)()) / 1000)
        reply.setCookie(COOKIE, token, { ...cookieFor(request), maxAge })
        return shown(credential)
      }
    )

    app.delete(
      '/v1/session',
      {
        config: { roles: ROLES },
        schema: { summary: 'Signs this browser out.', response: { 200: z.object({ signedOut: z.string() }), ...errorAnswers } }
      },
      async (request, reply) => {
        const { session } = request.shown!.credential
        if (session === null)
          throw new ApiError('not_found', 'This is a token and no signed-in browser: "wattledger access remove NAME" takes it back.')
        await deps.access.signOut(session)
        reply.clearCookie(COOKIE, cookieFor(request))
        return { signedOut: identityOf(request).name }
      }
    )

    app.post(
      '/v1/sign-in-links',
      {
        schema: {
          summary: 'A link that signs one browser in, once, within 15 minutes.',
          body: z.strictObject({ name: Name.optional().describe('For whom; absent: for whoever asks.') }),
          response: { 201: z.object({ link: z.string(), expiresAt: z.string() }), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { name = identityOf(request).name } = request.body
        const invited = deps.access.invite(name, LINK_MS)
        if (!invited) throw new ApiError('not_found', `Nobody is called ${name}.`)
        return reply.code(201).send({ link: signInLink(addressOf(request, origins), invited.code), expiresAt: iso(invited.expiresAt) })
      }
    )
  }
