import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Latest } from '../../infra/store.js'
import { mulDivRound } from '../../schemas/exact.js'
import { problemText } from '../../schemas/problems.js'
import {
  applied,
  type Change,
  changeText,
  checkRegistry,
  diffRegistry,
  exportRegistry,
  parseRegistry,
  type Shown,
  type UnitOf,
  unitOfRegister
} from '../../schemas/registry.js'
import { milliRatio, unitRule } from '../../schemas/units.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { iso } from '../format.js'
import { ledgerUnit } from '../question.js'

const Answer = z.object({
  applied: z.boolean(),
  knownAt: z.string().nullable(),
  changes: z.array(
    z.object({
      point: z.string(),
      validFrom: z.string(),
      what: z.enum(['added', 'changed', 'removed']),
      text: z.string(),
      fields: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() }))
    })
  ),
  findings: z.array(
    z.object({ level: z.enum(['error', 'warning']), point: z.string(), key: z.string(), message: z.string(), mend: z.string() })
  )
})

/** Units of registers that have shown something; of a whole point where all its registers agree. */
const unitsOf = (latest: readonly Latest[]): UnitOf => {
  const units = new Map<string, Set<string>>()
  for (const { point, register, unit } of latest) {
    if (!unitRule(unit)) continue
    for (const key of [`${point}\n${register}`, `${point}\n`]) units.set(key, (units.get(key) ?? new Set()).add(ledgerUnit(unit)))
  }
  return (point, register) => {
    const known = units.get(`${point}\n${register}`)
    return known?.size === 1 ? [...known][0] : unitOfRegister(register)
  }
}

/** What counters show now, in the ledger's thousandths. */
const shownBy = (latest: readonly Latest[]): Shown[] =>
  latest.flatMap(({ point, register, unit, kind, scale, value }) => {
    const rule = unitRule(unit)
    if (kind !== 'COUNTER' || !rule) return []
    const { num, den } = milliRatio(rule, scale)
    return [{ point, register, milli: mulDivRound(value, num, den) }]
  })

const changeRow = (change: Change) => ({
  point: change.point,
  validFrom: iso(change.validFrom),
  what: change.what,
  text: changeText(change),
  fields: change.fields
})

/** What people know of their points, as one YAML file out and in. */
export const registryRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.addContentTypeParser(
      ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain', 'application/octet-stream'],
      { parseAs: 'string' },
      (_request, body, done) => done(null, body)
    )

    app.get(
      '/v1/registry',
      { schema: { summary: 'The registry as YAML.', produces: ['application/yaml'], response: { 200: z.string(), ...errorAnswers } } },
      async (_request, reply) => {
        const [versions, latest] = await Promise.all([deps.registry.versions(), deps.store.latest()])
        return reply.type('application/yaml; charset=utf-8').send(exportRegistry(versions, unitsOf(latest)))
      }
    )

    app.post(
      '/v1/registry',
      {
        schema: {
          summary: 'Enters a registry file. Points it does not name stay as they are.',
          consumes: ['application/yaml'],
          querystring: z.object({ dryRun: z.enum(['true', 'false']).default('false').describe('true: only say what would change.') }),
          response: { 200: Answer, ...errorAnswers }
        }
      },
      async (request) => {
        if (typeof request.body !== 'string')
          throw new ApiError('bad_request', 'Send the YAML file as the body, with content-type application/yaml.')
        const parsed = parseRegistry(request.body, 'registry', { sourceZone: deps.sourceZone })
        if ('problems' in parsed) {
          const issues = parsed.problems.map((problem) => ({
            path: `line ${problem.line}: ${problem.key}`,
            message: `${problem.message}.${problem.mend ? ` ${problem.mend}` : ''}`
          }))
          throw new ApiError('bad_request', `The registry file is not valid: ${problemText(parsed.problems[0])}`, issues)
        }
        const [current, latest] = await Promise.all([deps.registry.versions(), deps.store.latest()])
        const changes = diffRegistry(current, parsed.points, unitsOf(latest))
        const shown = shownBy(latest)
        const touched = new Set(parsed.points.map(({ point }) => point))
        // What was wrong before with points that the file does not name is not its writer's to mend.
        const old = new Set(checkRegistry(current, shown).map((finding) => JSON.stringify(finding)))
        const findings = checkRegistry(applied(current, changes), shown).filter(
          (finding) => touched.has(finding.point) || !old.has(JSON.stringify(finding))
        )
        const errors = findings.filter(({ level }) => level === 'error')
        const dryRun = request.query.dryRun === 'true'
        if (errors.length > 0 && !dryRun) {
          const issues = errors.map(({ point, key, message, mend }) => ({ path: `${point}: ${key}`, message: `${message}. ${mend}` }))
          throw new ApiError('bad_request', `The registry contradicts itself: ${issues[0].path}: ${issues[0].message}`, issues)
        }
        const entered = dryRun || changes.length === 0 ? null : await deps.registry.apply(changes.map(({ row }) => row))
        return { applied: entered !== null, knownAt: entered && iso(entered.knownAt), changes: changes.map(changeRow), findings }
      }
    )
  }
