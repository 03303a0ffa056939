import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { share } from '../../schemas/completeness.js'
import type { SlotRow } from '../../schemas/gridding.js'
import { QUALITIES } from '../../schemas/quality.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { type Cell, csvLine, iso, kwh } from '../format.js'
import {
  aliveSpan,
  gridOf,
  knownPoint,
  ledgerUnit,
  PointParam,
  RegisterParam,
  registerOf,
  WhenParam,
  whenOf,
  ZoneParam
} from '../question.js'
import { asSlot, type FineSlot, gapsOf, open, type Question, readIntervals, readSlots, summaryOf } from '../series.js'
import { intervalRow, SlotRowBody, slotRow } from '../shown.js'

const MAX_ROWS = 400_000
/** Rows a piece of the streamed answer holds. */
const PIECE_ROWS = 500

/** Slots as arrays of one length, one entry a slot. */
const Columns = z.object({
  start: z.array(z.number()).describe('UTC ms.'),
  end: z.array(z.number()).describe('UTC ms, excluded.'),
  milli: z.array(z.number()).describe('Thousandths of the unit.'),
  quality: z.array(z.number()).describe(`Index into ${QUALITIES.join(', ')}.`),
  coveredMs: z.array(z.number()),
  estimatedMs: z.array(z.number())
})

const Answer = z
  .object({
    point: z.string(),
    register: z.string(),
    unit: z.string(),
    zone: z.string(),
    grid: z.string(),
    from: z.string(),
    to: z.string(),
    summary: z.object({
      milli: z.number(),
      kwh: z.string().nullable(),
      unit: z.string(),
      completeness: z.number(),
      coveredMs: z.number(),
      estimatedMs: z.number(),
      quality: z.string().nullable()
    }),
    gaps: z.array(z.object({ start: z.string(), end: z.string() })).describe('Uncovered spans.'),
    rows: z.array(z.union([SlotRowBody, z.looseObject({ op: z.string(), rule: z.string() })])).optional(),
    columns: Columns.optional()
  })
  .describe('With format=csv, the rows as text/csv; with format=columns, `columns` in place of `rows`.')

type Row = Record<string, Cell>

const pieces = function* <From>(from: readonly From[], text: (row: From, i: number) => string): Generator<string> {
  for (let at = 0; at < from.length; at += PIECE_ROWS)
    yield from
      .slice(at, at + PIECE_ROWS)
      .map((row, i) => text(row, at + i))
      .join('')
}

function* jsonAnswer<From>(head: object, rows: readonly From[], rowOf: (row: From) => Row): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[`
  yield* pieces(rows, (row, i) => (i === 0 ? '' : ',') + JSON.stringify(rowOf(row)))
  yield ']}'
}

function* csvAnswer<From>(columns: readonly string[], rows: readonly From[], rowOf: (row: From) => Row): Generator<string> {
  yield csvLine(columns)
  yield* pieces(rows, (row) => csvLine(Object.values(rowOf(row))))
}

const EMPTY_SLOT: SlotRow = { start: 0, end: 1, amount: 0, quality: 0, coveredMs: 0, estimatedMs: 0, expected: -1, received: 0 }
const SLOT_COLUMNS = Object.keys(slotRow(EMPTY_SLOT, 'Wh'))
const INTERVAL_COLUMNS = [
  'start',
  'end',
  'milli',
  'kwh',
  'quality',
  'op',
  'low',
  'high',
  'rule',
  'rev',
  'knownAt',
  'fromAt',
  'fromValue',
  'toAt',
  'toValue',
  'power'
]

const Query = z.object({
  point: PointParam,
  register: RegisterParam,
  from: WhenParam,
  to: WhenParam.optional().describe('End, excluded, written like `from`; default now.'),
  grid: z.string().max(12).default('PT1H').describe('intervals, PT15M, PT1H, P1D, P1W, P1M, P1Y, or any time that divides a day.'),
  zone: ZoneParam,
  asKnownAt: WhenParam.optional().describe('Answer as it would have been given then.'),
  format: z
    .enum(['json', 'csv', 'columns'])
    .default('json')
    .describe('columns: the slots as an array a field, for charts; a quarter of the bytes and of the time.')
})

/** Load curves: slots, or the raw intervals, that start in [from, to). */
export const seriesRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const now = deps.now ?? Date.now
    app.get(
      '/v1/series',
      {
        config: { roles: ['admin', 'reader'] },
        schema: { summary: 'A load curve, with its gaps and quality.', querystring: Query, response: { 200: Answer, ...errorAnswers } }
      },
      async (request, reply) => {
        const { query } = request
        const known = await knownPoint(deps, request, query.point)
        const register = registerOf(known, query.register)
        const zone = query.zone ?? known.zone
        const question: Question = {
          point: known.point,
          register,
          from: whenOf(query.from, zone, 'from'),
          to: query.to === undefined ? now() : whenOf(query.to, zone, 'to'),
          grid: query.grid === 'intervals' ? null : gridOf(query.grid),
          zone,
          pointZone: known.zone,
          versions: known.versions,
          ranges: known.ranges,
          knownAt: query.asKnownAt === undefined ? undefined : whenOf(query.asKnownAt, zone, 'asKnownAt'),
          alive: aliveSpan(known, register),
          maxRows: deps.limits.rows ?? MAX_ROWS
        }
        if (question.to <= question.from) throw new ApiError('bad_request', 'to: the range ends before it begins.')
        const fallback = ledgerUnit(known.latest.find((entry) => entry.register === register)?.unit ?? '')
        const send = sender(reply, question, query.format)
        if (!question.grid) {
          if (query.format === 'columns')
            throw new ApiError('bad_request', 'format: columns are of slots; ask for a grid such as PT15M, or for json or csv.')
          const { rows, unit } = await readIntervals(deps.store, question)
          const shown = rows.filter(({ block, i }) => open(question, block.start[i], block.end[i]))
          const head = headOf(question, unit ?? fallback, 'intervals', rows.map(asSlot), now())
          return send(INTERVAL_COLUMNS, head, shown, (row) => intervalRow(row))
        }
        const { rows, unit } = await readSlots(deps.store, question)
        const shown = rows.filter(({ start, end }) => open(question, start, end))
        const head = headOf(question, unit ?? fallback, question.grid.name, rows, now())
        if (query.format === 'columns') return sendColumns(reply, head, shown)
        return send(SLOT_COLUMNS, head, shown, (row) => slotRow(row, unit ?? fallback))
      }
    )
  }

const columnsOf = (rows: readonly FineSlot[]): z.infer<typeof Columns> => ({
  start: rows.map(({ start }) => start),
  end: rows.map(({ end }) => end),
  milli: rows.map(({ amount }) => amount),
  quality: rows.map(({ quality }) => quality),
  coveredMs: rows.map(({ coveredMs }) => coveredMs),
  estimatedMs: rows.map(({ estimatedMs }) => estimatedMs)
})

/** Everything of the answer but its rows. */
const headOf = (question: Question, unit: string, grid: string, rows: readonly SlotRow[], now: number) => {
  const gaps = gapsOf(rows, question, now)
  const { quality, milli, completeness, coveredMs, estimatedMs } = summaryOf(
    rows.filter(({ start, end }) => open(question, start, end)),
    gaps
  )
  return {
    point: question.point,
    register: question.register,
    unit,
    zone: question.zone,
    grid,
    from: iso(question.from),
    to: iso(question.to),
    summary: {
      milli,
      kwh: kwh(milli, unit),
      unit,
      completeness: share(completeness),
      coveredMs,
      estimatedMs,
      quality: quality === null ? null : QUALITIES[quality]
    },
    gaps: gaps.map(({ from, to }) => ({ start: iso(from), end: iso(to) }))
  }
}

const sendColumns = (reply: FastifyReply, head: object, rows: readonly FineSlot[]) =>
  reply.type('application/json').send(JSON.stringify({ ...head, columns: columnsOf(rows) }))

const sender = (reply: FastifyReply, { point, register, from }: Question, format: z.infer<typeof Query>['format']) =>
  function send<From>(columns: readonly string[], head: object, rows: readonly From[], rowOf: (row: From) => Row) {
    if (format !== 'csv') return reply.type('application/json').send(Readable.from(jsonAnswer(head, rows, rowOf)))
    const name = `${point}-${register}-${iso(from).slice(0, 10)}.csv`.replace(/[^\w.-]+/g, '_')
    reply.header('content-disposition', `attachment; filename="${name}"`)
    return reply.type('text/csv; charset=utf-8').send(Readable.from(csvAnswer(columns, rows, rowOf)))
  }
