import { z } from 'zod'
import { INSTALLATION_ID } from '../schemas/installations/members.js'
import { canonicalPoint, isKnownZone } from '../schemas/registry.js'
import { WhenParam } from './question.js'

export const Id = z.string().regex(INSTALLATION_ID, { error: 'letters, digits and . _ -, at most 64' })
export const DryRun = z.enum(['true', 'false']).default('false').describe('true: only say what would change.')
const Text = z.string().max(200).default('')
const Factor = z.int().min(-1).max(1).default(0)
const MemberBody = z.strictObject({
  point: z
    .string()
    .max(150)
    .transform((name) => canonicalPoint(name) ?? name),
  register: z
    .string()
    .regex(/^[A-Za-z0-9][\w./-]{0,63}$/)
    .describe('Register of the point, such as 1.8.0.'),
  tot: Factor.describe('Factor in P_tot.'),
  prod: Factor.describe('Factor in P_prod.'),
  ve: Factor.describe('Factor in the series of electric vehicles.'),
  cons: Factor.describe('Factor in P_cons as people write it: kept and not used.'),
  label: Text.describe('What it measures; an export ends in a dash.'),
  device: Text.describe('Serial of its device.'),
  startDate: Text.describe('Local date since when it is there.')
})
export const VersionBody = z.strictObject({
  validFrom: WhenParam,
  name: Text.describe('Caption.'),
  zone: z.string().max(60).refine(isKnownZone, { error: 'not a time zone, such as Europe/Brussels' }).optional(),
  latitude: z.number().min(-90).max(90).nullable().default(null),
  longitude: z.number().min(-180).max(180).nullable().default(null),
  members: z.array(MemberBody).max(5000)
})
const Version = z.object({
  validFrom: z.string(),
  knownAt: z.string(),
  name: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  members: z.array(
    z.object({
      point: z.string(),
      register: z.string(),
      tot: z.number(),
      prod: z.number(),
      ve: z.number(),
      cons: z.number(),
      label: z.string(),
      device: z.string(),
      startDate: z.string()
    })
  )
})
export const Info = z.object({
  id: z.string(),
  name: z.string().describe('Caption.'),
  zone: z.string(),
  point: z.string().describe('The point whose series are its power.'),
  versions: z.array(Version).optional().describe('For administrators: what it is made of, and since when.')
})
export const Changes = z.object({
  applied: z.boolean(),
  knownAt: z.string().nullable(),
  changes: z.array(
    z.object({
      installation: z.string(),
      validFrom: z.string(),
      what: z.enum(['added', 'changed', 'removed']),
      text: z.string(),
      fields: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() }))
    })
  ),
  findings: z.array(
    z.object({
      level: z.enum(['error', 'warning']),
      tab: z.string(),
      row: z.number(),
      column: z.string(),
      message: z.string(),
      mend: z.string()
    })
  )
})
export const Entered = Changes.extend({
  validFrom: z.string(),
  tokens: z.number().describe('Sensors whose token is new or another.'),
  people: z.array(
    z.object({
      name: z.string(),
      isNew: z.boolean(),
      installations: z.array(z.string()).describe('What is opened to them.'),
      secret: z.string().optional().describe('Of who is new: shown in this answer and never again.')
    })
  )
})
