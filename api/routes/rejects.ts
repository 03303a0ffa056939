import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ChangedDay, Deps } from '../deps.js'
import { ApiError, errorAnswers } from '../errors.js'
import { kwh } from '../format.js'
import { RejectBody, rejectRow } from '../shown.js'
import { plainName } from './files.js'

/** Days told in one answer; how much changes in all is told besides. */
const MAX_DAYS = 1000

const FileParam = z.string().min(1).max(300).describe('A SHA-256, at least eight of its first digits, or a name with or without folders.')

const Inspected = z.object({
  rejects: z.array(
    RejectBody.extend({
      attempts: z.number().describe('Times it was redriven.'),
      raw: z
        .object({
          bytes: z.number(),
          head: z.string().describe('The first bytes, hexadecimal.'),
          member: z.string().nullable().describe('Of a file inside of the payload, its name.'),
          lines: z.array(z.object({ line: z.number(), text: z.string(), rejected: z.boolean() }))
        })
        .nullable()
        .describe('What is kept around it; null: nothing is.')
    })
  )
})

const Redrive = z
  .strictObject({
    reason: z.string().min(1).max(100).optional(),
    file: FileParam.optional(),
    as: z.string().min(1).max(200).optional().describe('The name to read the file under, where its own was wrong.'),
    again: z.boolean().default(false).describe('Also files that were redriven before and are still rejected by the same parser.'),
    apply: z.boolean().default(false).describe('false: nothing is changed, and `days` tells what would be.')
  })
  .refine(({ as, file }) => as === undefined || file !== undefined, { error: 'as: say which file', path: ['as'] })

const Redriven = z.object({
  applied: z.boolean(),
  files: z.array(
    z.object({
      origin: z.string(),
      name: z.string(),
      source: z.string(),
      outcome: z
        .enum(['read', 'tried', 'not-kept', 'not-recognised'])
        .describe(
          'tried: the present parser has rejected it before; not-kept: there are no raw bytes; not-recognised: no source knows such a name.'
        ),
      attempts: z.number(),
      rejects: z.number(),
      left: z.number(),
      readings: z.number()
    })
  ),
  days: z
    .array(
      z.object({
        point: z.string(),
        register: z.string(),
        unit: z.string(),
        day: z.string(),
        before: z.number().nullable().describe('Thousandths of the unit; null: nothing is known of the day.'),
        after: z.number().nullable(),
        changeMilli: z.number(),
        changeKwh: z.string().nullable()
      })
    )
    .describe('Without `apply`: local days that would be told otherwise, the largest changes first.'),
  totals: z.array(z.object({ unit: z.string(), days: z.number(), changeMilli: z.number(), changeKwh: z.string().nullable() })),
  more: z.boolean()
})

const changeOf = ({ before, after }: ChangedDay): number => (after ?? 0) - (before ?? 0)

const dayRow = (day: ChangedDay) => ({ ...day, changeMilli: changeOf(day), changeKwh: kwh(changeOf(day), day.unit) })

const totalsOf = (days: readonly ChangedDay[]) =>
  [...new Set(days.map(({ unit }) => unit))].sort().map((unit) => {
    const of = days.filter((day) => day.unit === unit)
    const changeMilli = of.reduce((sum, day) => sum + changeOf(day), 0)
    return { unit, days: of.length, changeMilli, changeKwh: kwh(changeMilli, unit) }
  })

/** Rejects looked at one by one, and read again. For admins: raw bytes may hold anybody's figures. */
export const rejectRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/rejects/inspect',
      {
        schema: {
          summary: 'Rejects of a file with the raw lines around them.',
          querystring: z.object({ file: FileParam, line: z.coerce.number().int().min(0).optional() }),
          response: { 200: Inspected, ...errorAnswers }
        }
      },
      async ({ query: { file, line } }) => {
        const found = await deps.rejected.inspect(file, line)
        if (found.length === 0) throw new ApiError('not_found', `Nothing of "${file}" is rejected now; "wattledger rejects" lists what is.`)
        return { rejects: found.map(({ reject, attempts, raw }) => ({ ...rejectRow(reject), attempts, raw })) }
      }
    )

    app.post(
      '/v1/rejects/redrive',
      {
        schema: {
          summary: 'Reads files with rejects again, from the bytes that are kept, with the present parsers.',
          body: Redrive,
          response: { 200: Redriven, ...errorAnswers }
        }
      },
      async ({ body: { apply, as, ...wanted } }) => {
        const done = await deps.rejected.redrive({ ...wanted, as: as && plainName(as) }, apply)
        if (done === null) throw new ApiError('overloaded', 'A redrive or a replay is running already.')
        const days = [...done.days].sort((a, b) => Math.abs(changeOf(b)) - Math.abs(changeOf(a)) || (a.day < b.day ? -1 : 1))
        return {
          applied: apply,
          files: done.files,
          days: days.slice(0, MAX_DAYS).map(dayRow),
          totals: totalsOf(days),
          more: days.length > MAX_DAYS
        }
      }
    )
  }
