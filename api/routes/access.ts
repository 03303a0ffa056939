import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type AccessEntry, hashToken, PERSON, ROLES } from '../../schemas/access.js'
import { canonicalPoint } from '../../schemas/registry.js'
import { newToken } from '../access/secrets.js'
import { identityOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { iso } from '../format.js'

const Instant = z.iso.datetime({ offset: true }).describe('UTC or with an offset.')
const GrantBody = z.strictObject({
  point: z.string().min(1).max(150).describe('A metering point, or * for all.'),
  from: Instant.nullish().describe('First instant; absent: since ever.'),
  to: Instant.nullish().describe('End, excluded; absent: for ever.')
})
export const Name = z.string().regex(PERSON, { error: 'letters, digits and . _ @ -, at most 64' })
const Grants = z.array(z.object({ point: z.string(), from: z.string().nullable(), to: z.string().nullable() }))
const Entry = z.object({ name: z.string(), role: z.enum(ROLES), grants: Grants, createdAt: z.string() })

const Session = z.object({ id: z.string(), createdAt: z.string(), expiresAt: z.string() })

const shown = ({ name, role, grants, createdAt }: AccessEntry): z.infer<typeof Entry> => ({
  name,
  role,
  grants: grants.map(({ point, from, to }) => ({ point, from: from === null ? null : iso(from), to: to === null ? null : iso(to) })),
  createdAt: iso(createdAt)
})

const instantOf = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null)

/** Who may ask: tokens with a role and grants. For admins. */
export const accessRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now

    app.get(
      '/v1/access',
      {
        schema: {
          summary: 'Who has access, and in which browsers they are signed in.',
          response: { 200: z.object({ access: z.array(Entry.extend({ sessions: z.array(Session) })) }), ...errorAnswers }
        }
      },
      async () => {
        const sessions = await deps.access.sessions()
        const of = (name: string) =>
          sessions
            .filter(({ who }) => who === name)
            .map(({ id, createdAt, expiresAt }) => ({ id, createdAt: iso(createdAt), expiresAt: iso(expiresAt) }))
        return { access: (await deps.access.list()).map((entry) => ({ ...shown(entry), sessions: of(entry.name) })) }
      }
    )

    app.post(
      '/v1/access',
      {
        schema: {
          summary: 'Makes a token. It is shown in this answer and never again.',
          body: z.strictObject({ name: Name, role: z.enum(ROLES), grants: z.array(GrantBody).max(10_000).default([]) }),
          response: { 201: Entry.extend({ token: z.string() }), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { name, role, grants } = request.body
        const token = newToken()
        const entry: AccessEntry = {
          name,
          role,
          tokenHash: hashToken(token),
          grants: grants.map(({ point, from, to }) => ({
            who: name,
            point: canonicalPoint(point) ?? point,
            from: instantOf(from),
            to: instantOf(to)
          })),
          createdAt: now()
        }
        if (entry.grants.some(({ from, to }) => from !== null && to !== null && to <= from))
          throw new ApiError('bad_request', 'grants: a grant ends before it begins.')
        if (!(await deps.access.add(entry))) throw new ApiError('bad_request', `name: "${name}" has a token already; revoke it first.`)
        return reply.code(201).send({ ...shown(entry), token })
      }
    )

    app.delete(
      '/v1/access/:name',
      {
        schema: {
          summary: 'Takes a token back, at once, and signs its browsers out.',
          params: z.object({ name: Name }),
          response: { 200: z.object({ revoked: z.string() }), ...errorAnswers }
        }
      },
      async (request) => {
        const { name } = request.params
        // Nobody may lock everybody out by a slip; another admin can.
        if (name === identityOf(request).name) throw new ApiError('bad_request', 'A token cannot revoke itself.')
        if (!(await deps.access.revoke(name))) throw new ApiError('not_found', `Nobody is called ${name}.`)
        return { revoked: name }
      }
    )

    app.delete(
      '/v1/access/:name/sessions/:id',
      {
        schema: {
          summary: 'Signs one browser of somebody out, at once.',
          params: z.object({ name: Name, id: z.string().max(64) }),
          response: { 200: z.object({ signedOut: z.string() }), ...errorAnswers }
        }
      },
      async (request) => {
        const { name, id } = request.params
        const theirs = (await deps.access.sessions()).some((session) => session.who === name && session.id === id)
        if (!theirs) throw new ApiError('not_found', `${name} has no such session; GET /v1/access lists them.`)
        await deps.access.signOut(id)
        return { signedOut: name }
      }
    )
  }
