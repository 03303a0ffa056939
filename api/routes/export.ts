import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Grid } from '../../schemas/grid.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import type { Batch, Column, Series } from '../export/columns.js'
import { acceptedFormat, FORMAT_NAMES, FORMATS, type Format } from '../export/formats.js'
import { exportIntervals, intervalColumns } from '../export/intervals.js'
import { exportReadings, readingColumns } from '../export/readings.js'
import { type Chosen, chosenPoints, chosenSeries, type Wanted } from '../export/selection.js'
import { exportSlots, slotColumns } from '../export/slots.js'
import { Places, paced } from '../export/stream.js'
import { aliveSpan, gridOf, ledgerUnit, listOf, PointParam, severalOf, WhenParam, whenOf, ZoneParam } from '../question.js'
import type { Question } from '../series.js'

/** Exports that run at once; whoever comes then is told to come again. */
const AT_ONCE = 4
/** How often a running export looks whether its token is still good. */
const LOOK_MS = 10_000

const Query = z.object({
  point: severalOf(PointParam).describe('Metering point; may be repeated. Absent: all that are open to you.'),
  register: severalOf(z.string().min(1).max(80)).describe(
    'Register; may be repeated. Absent: all that count something (of readings: all).'
  ),
  from: WhenParam,
  to: WhenParam.optional().describe('End, excluded, written like `from`; default now.'),
  grid: z
    .string()
    .max(12)
    .default('PT1H')
    .describe(
      'PT15M, PT1H, P1D, P1W, P1M, P1Y, any time that divides a day, intervals (the ledger’s rows) or readings (what sources said).'
    ),
  zone: ZoneParam,
  asKnownAt: WhenParam.optional().describe('As it would have been answered then; default now, so that all rows are of one moment.'),
  format: z.enum(FORMAT_NAMES).optional().describe('Absent: what `accept` names, else CSV.')
})
type Asked = z.infer<typeof Query>

/** Rows of many series as one stream. Memory does not depend on the range; docs/exports.md has the columns. */
export const exportRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    const places = new Places(deps.limits.exports ?? AT_ONCE)
    app.get(
      '/v1/export',
      {
        // Whoever asks for the head alone would make it read everything.
        exposeHeadRoute: false,
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'Slots, intervals or readings of any points as CSV, JSON lines or Parquet, streamed.',
          querystring: Query,
          response: { 200: z.any().describe('A line (or record) a row; a whole export says so at its end.'), ...errorAnswers }
        }
      },
      async (request, reply) => {
        const { query } = request
        const wanted: Wanted = { points: listOf(query.point), registers: listOf(query.register), everyKind: query.grid === 'readings' }
        const grid = query.grid === 'intervals' || query.grid === 'readings' ? null : gridOf(query.grid)
        checkRange(query, now())
        const points = await chosenPoints(deps, request, wanted)
        const name = query.format ?? acceptedFormat(request.headers.accept)
        const format: Format = FORMATS[name]
        if (!places.take()) throw new ApiError('overloaded', 'Other exports are running: try again when one of them has ended.')
        const at = now()
        const guard = guardOf(deps, request, now)
        const encoded = <Row>(columns: readonly Column<Row>[], read: (question: Question) => AsyncIterable<readonly Row[]>) =>
          format.encode(
            columns,
            batches(chosenSeries(deps, request, points, wanted), (chosen) => questionOf(chosen, query, grid, at), query.grid, read, guard)
          )
        const bytes = grid
          ? encoded(slotColumns, (question) => exportSlots(deps.store, question, grid))
          : query.grid === 'readings'
            ? encoded(readingColumns, (question) => exportReadings(deps.store, question))
            : encoded(intervalColumns, (question) => exportIntervals(deps.store, question))
        const stream = paced(bytes, deps.limits.idleMs)
        stream.once('close', () => places.leave())
        reply.header('content-disposition', `attachment; filename="wattledger-${query.grid}.${name}"`)
        return reply.type(format.contentType).send(stream)
      }
    )
  }

/** Each point reads local times in its own zone: here only whether they are times at all, and in order. */
const checkRange = ({ from, to, zone = 'UTC', asKnownAt }: Asked, now: number): void => {
  const begin = whenOf(from, zone, 'from')
  const end = to === undefined ? now : whenOf(to, zone, 'to')
  if (end <= begin) throw new ApiError('bad_request', 'to: the range ends before it begins.')
  if (asKnownAt !== undefined) whenOf(asKnownAt, zone, 'asKnownAt')
}

const questionOf = ({ known, latest: { register } }: Chosen, query: Asked, grid: Grid | null, now: number): Question => {
  const zone = query.zone ?? known.zone
  return {
    point: known.point,
    register,
    from: whenOf(query.from, zone, 'from'),
    to: query.to === undefined ? now : whenOf(query.to, zone, 'to'),
    grid,
    zone,
    pointZone: known.zone,
    versions: known.versions,
    ranges: known.ranges,
    knownAt: query.asKnownAt === undefined ? now : whenOf(query.asKnownAt, zone, 'asKnownAt'),
    alive: aliveSpan(known, register),
    maxRows: Number.POSITIVE_INFINITY
  }
}

async function* batches<Row>(
  chosen: AsyncIterable<Chosen>,
  questionOf: (chosen: Chosen) => Question,
  grid: string,
  read: (question: Question) => AsyncIterable<readonly Row[]>,
  guard: () => Promise<void>
): AsyncGenerator<Batch<Row>> {
  for await (const each of chosen) {
    const question = questionOf(each)
    const { point, register, zone } = question
    const series: Series = { point, register, unit: ledgerUnit(each.latest.unit), zone, grid }
    for await (const rows of read(question)) {
      await guard()
      yield { series, rows }
    }
  }
}

/** An export may run for hours: a token that is taken back ends it. */
const guardOf = (deps: Deps, request: FastifyRequest, now: () => number): (() => Promise<void>) => {
  let lookedAt = now()
  return async () => {
    if (now() - lookedAt < LOOK_MS) return
    lookedAt = now()
    if (!(await deps.access.identify(request.shown!.token))) throw new ApiError('unauthorized', 'The token was taken back.')
  }
}
