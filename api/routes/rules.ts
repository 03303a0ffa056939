import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Deps, GoldenRules } from '../deps.js'
import { errorAnswers } from '../errors.js'
import { kwh } from '../format.js'
import { rulesText } from '../rules-text.js'

const Figure = { milli: z.number().describe('Thousandths of Wh.'), kwh: z.string().nullable() }
const Rules = z.object({
  others: z.array(z.string()),
  traces: z.array(
    z.object({
      name: z.string(),
      readings: z.array(z.object({ minute: z.number(), kwh: z.string(), device: z.string() })),
      ours: z.object({
        ...Figure,
        tail: z.boolean().describe('Unknown energy comes on top.'),
        rules: z.array(z.object({ rule: z.string(), sentence: z.string() })),
        suspects: z.array(z.string()).describe('Why readings were set aside.')
      }),
      others: z.array(z.object({ name: z.string(), ...Figure }))
    })
  )
})

const shown = ({ others, traces }: GoldenRules): z.infer<typeof Rules> => ({
  others,
  traces: traces.map(({ name, readings, ours, ...trace }) => ({
    name,
    readings: readings.map(([minute, text, device = '']) => ({ minute, kwh: text, device })),
    ours: { ...ours, kwh: kwh(ours.milli, 'Wh'), rules: ours.rules.flatMap(rulesText) },
    others: others.map((other) => ({ name: other, milli: trace.others[other], kwh: kwh(trace.others[other], 'Wh') }))
  }))
})

/** What a register may show, and what becomes of it here and elsewhere. */
export const rulesRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/v1/rules',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'The golden traces: what our rules make of them, and what others do.',
          response: { 200: Rules, ...errorAnswers }
        }
      },
      async () => shown(deps.rules())
    )
  }
