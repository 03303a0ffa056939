import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { covers } from '../../schemas/access.js'
import { slotAt } from '../../schemas/grid.js'
import { installationOf } from '../../schemas/installations.js'
import { mergeIntervals } from '../../schemas/merge.js'
import { rulesOf, versionAt } from '../../schemas/registry.js'
import type { Deps } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { explainRows, partInSlot } from '../explain.js'
import { explainInstallation } from '../explain-installation.js'
import { iso, kwh } from '../format.js'
import { aliveSpan, gridOf, knownPoint, PointParam, RegisterParam, registerOf, WhenParam, whenOf, ZoneParam } from '../question.js'
import { type IntervalAt, type Question, readSlots } from '../series.js'
import { SlotRowBody, slotRow } from '../shown.js'

const Query = z.object({
  point: PointParam,
  register: RegisterParam,
  at: WhenParam.optional().describe('Any instant inside the interval or slot.'),
  start: WhenParam.optional().describe('The same as `at`: the start of a slot.'),
  grid: z.string().max(12).optional().describe('Explain the whole slot of this grid; absent: the interval that holds the instant.'),
  zone: ZoneParam,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('Most intervals that are explained one by one; all are counted and summed.')
})

const Answer = z.looseObject({
  point: z.string(),
  register: z.string(),
  unit: z.string(),
  zone: z.string(),
  grid: z.string(),
  start: z.string(),
  end: z.string(),
  figure: SlotRowBody.nullable().describe('As /v1/series shows it; the same as `sum` unless a revision is on its way.'),
  sum: z
    .object({ milli: z.number(), kwh: z.string().nullable(), unit: z.string() })
    .describe('What the intervals give, each with its part in the slot.'),
  count: z.number().describe('Intervals that make the figure.'),
  explained: z.number().describe('Of these, how many are explained below.'),
  intervals: z.array(
    z.looseObject({ clipped: z.boolean().describe('Reaches into time that is not open; only its part in the slot is told.') })
  ),
  made: z
    .array(
      z.looseObject({
        from: z.string(),
        to: z.string(),
        validFrom: z.string().nullable().describe('Since when it is made of these; null: from the beginning.'),
        slots: z.number().describe('Slots of eight seconds that begin in it.'),
        whole: z.number().describe('Of these, in how many all members are known; in the others there is no figure, never a smaller one.'),
        counted: z.number().describe('Of these, how many count: of withdrawal, injection and extremes not all do.'),
        kwh: z.string(),
        members: z.array(
          z.looseObject({
            factor: z.number(),
            kwh: z.string().describe('What it adds, factor and all; millionths of Wh.'),
            known: z.number().describe('Slots in which it is known.'),
            leftKwh: z.string().describe('What it counted where another member is not known.')
          })
        ),
        others: z.object({ members: z.number(), kwh: z.string() }).nullable().describe('Members that are not open to you, together.')
      })
    )
    .optional()
    .describe('Of an installation: what it was made of, and what each member added.')
})

/** Why a figure is what it is: readings, rules, factor, what was set aside, what it was before. */
export const explainRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/explain',
      {
        config: { roles: ['admin', 'reader'] },
        schema: { summary: 'Where a figure comes from.', querystring: Query, response: { 200: Answer, ...errorAnswers } }
      },
      async (request) => {
        const { query } = request
        const known = await knownPoint(deps, request, query.point)
        const series = { point: known.point, register: registerOf(known, query.register) }
        const zone = query.zone ?? known.zone
        const when = query.at ?? query.start
        if (when === undefined) throw new ApiError('bad_request', 'at: say the instant whose figure is to be explained.')
        const at = whenOf(when, zone, query.at === undefined ? 'start' : 'at')
        const grid = query.grid === undefined || query.grid === 'intervals' ? null : gridOf(query.grid)
        const installation = installationOf(query.point)
        if (installation !== null)
          return explainInstallation(deps, request, { ...known, installation }, { register: series.register, grid, zone, at })
        const span = grid ? slotAt(grid, zone, at) : { start: at, end: at + 1 }
        if (grid && !covers(known.ranges, span.start, span.end)) throw notFound('figure')

        const stored = await deps.store.intervals(series, span.start, span.end)
        const rows: IntervalAt[] = mergeIntervals(stored, { from: span.start, to: span.end }).flatMap((block) =>
          block.start.map((_, i) => ({ block, i }))
        )
        if (rows.length === 0 || (!grid && !covers(known.ranges, rows[0].block.start[rows[0].i], rows[0].block.end[rows[0].i])))
          throw notFound('figure')
        const { holdMs } = rulesOf(versionAt(known.versions, span.start), series.register)
        const parts = rows.map((row) => ({ row, inSlot: grid ? partInSlot(row, grid, zone, span.start, holdMs).amount : null }))
        const explained = parts.slice(0, query.limit)
        const around = explained.map(({ row: { block, i } }) => ({ from: block.start[i], to: block.end[i] }))
        const suspects = await deps.store.suspects(series, around[0].from, around[around.length - 1].to + 1)
        const context = { store: deps.store, series, stored, suspects, versions: known.versions, zone: known.zone, ranges: known.ranges }
        const { unit } = rows[0].block
        const milli = parts.reduce((sum, { row: { block, i }, inSlot }) => sum + (inSlot ?? block.milli[i]), 0)
        const question: Question = {
          ...series,
          from: span.start,
          to: span.start + 1,
          grid,
          zone,
          pointZone: known.zone,
          versions: known.versions,
          ranges: known.ranges,
          alive: aliveSpan(known, series.register),
          maxRows: 1
        }
        const slot = grid ? (await readSlots(deps.store, question)).rows[0] : undefined
        return {
          ...series,
          unit,
          zone,
          grid: grid?.name ?? 'intervals',
          start: iso(grid ? span.start : around[0].from),
          end: iso(grid ? span.end : around[0].to),
          figure: slot ? slotRow(slot, unit) : null,
          sum: { milli, kwh: kwh(milli, unit), unit },
          count: rows.length,
          explained: explained.length,
          intervals: await explainRows(context, explained)
        }
      }
    )
  }
