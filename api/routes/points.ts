import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Latest } from '../../infra/store.js'
import type { Range } from '../../schemas/access.js'
import type { Point } from '../../schemas/generated.js'
import { hasValue, QUALITIES } from '../../schemas/quality.js'
import { currentVersions } from '../../schemas/registry.js'
import { rangesOf } from '../auth.js'
import type { Deps } from '../deps.js'
import { errorAnswers } from '../errors.js'
import { decimal, iso } from '../format.js'
import { knownPoint, PointParam, zoneAt } from '../question.js'

const Reading = z.object({ at: z.string(), value: z.string().nullable(), quality: z.string() })
const Register = z.object({
  register: z.string(),
  source: z.string(),
  unit: z.string().describe('As the source prints it.'),
  kind: z.string(),
  device: z.string(),
  first: z.string().nullable().describe('First reading; null when it lies in time that is not open.'),
  last: z.string().nullable(),
  latest: Reading.nullable()
})
const PointInfo = z.object({ id: z.string(), name: z.string(), zone: z.string(), registers: z.array(Register) })

const within = (ranges: readonly Range[], at: number): boolean => ranges.some(({ from, to }) => from <= at && at < to)

const registerInfo = (entry: Latest, ranges: readonly Range[]): z.infer<typeof Register> => {
  const { register, source, unit, kind, device } = entry
  const shown = within(ranges, entry.at)
  const value = hasValue(entry.quality) && kind !== 'STATE' && kind !== 'FLAGS' ? decimal(entry.value, entry.scale) : null
  return {
    register,
    source,
    unit,
    kind,
    device: shown ? device : '',
    first: within(ranges, entry.firstAt) ? iso(entry.firstAt) : null,
    last: shown ? iso(entry.at) : null,
    latest: shown ? { at: iso(entry.at), value, quality: QUALITIES[entry.quality] ?? String(entry.quality) } : null
  }
}

const grouped = <Row extends { point: string }>(rows: readonly Row[]): Map<string, Row[]> => {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.point)
    if (group) group.push(row)
    else groups.set(row.point, [row])
  }
  return groups
}

/** What there is: metering points, their registers and what these show. */
export const pointRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const info = (
      id: string,
      versions: readonly Point[],
      latest: readonly Latest[],
      ranges: readonly Range[]
    ): z.infer<typeof PointInfo> => ({
      id,
      name: versions.at(-1)?.name ?? '',
      zone: zoneAt(deps, id, versions),
      registers: latest.map((entry) => registerInfo(entry, ranges))
    })

    app.get(
      '/v1/points',
      {
        config: { roles: ['admin', 'reader'] },
        schema: { summary: 'The points open to you.', response: { 200: z.object({ points: z.array(PointInfo) }), ...errorAnswers } }
      },
      async (request) => {
        const [all, readings] = await Promise.all([deps.store.points(), deps.store.latest()])
        const versions = grouped(currentVersions(all))
        const latest = grouped(readings)
        const ids = [...new Set([...versions.keys(), ...latest.keys()])].sort()
        const open = ids.map((id) => ({ id, ranges: rangesOf(request, id) })).filter(({ ranges }) => ranges.length > 0)
        return { points: open.map(({ id, ranges }) => info(id, versions.get(id) ?? [], latest.get(id) ?? [], ranges)) }
      }
    )

    app.get(
      '/v1/latest',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'What the registers of a point showed last.',
          querystring: z.object({ point: PointParam }),
          response: { 200: PointInfo, ...errorAnswers }
        }
      },
      async (request) => {
        const known = await knownPoint(deps, request, request.query.point)
        return info(known.point, known.versions, known.latest, known.ranges)
      }
    )
  }
