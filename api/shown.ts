import { z } from 'zod'
import { completeness } from '../schemas/completeness.js'
import type { Reject, Suspect } from '../schemas/generated.js'
import { OPS, QUALITIES } from '../schemas/quality.js'
import { decimal, iso, kwh, meanPower } from './format.js'
import type { FineSlot, IntervalAt } from './series.js'

/** Rows as answers show them: instants in ISO UTC, qualities by name, energy also as an exact decimal. */

export const SlotRowBody = z.object({
  start: z.string(),
  end: z.string(),
  milli: z.number().describe('Thousandths of the unit.'),
  kwh: z.string().nullable(),
  quality: z.string(),
  completeness: z.number(),
  coveredMs: z.number(),
  estimatedMs: z.number(),
  expected: z.number().nullable(),
  received: z.number(),
  power: z.number().nullable().describe('Mean W (var, VA) where the slot is wholly covered.')
})

/** Amounts and times of a row; `kwh` is a text, made from integers. `power` only where all of the slot is covered. */
export const slotRow = (row: FineSlot, unit: string) => {
  const length = row.end - row.start
  return {
    start: iso(row.start),
    end: iso(row.end),
    milli: row.amount,
    kwh: kwh(row.amount, unit),
    quality: QUALITIES[row.quality] ?? String(row.quality),
    completeness: completeness(row.expected, row.received, row.coveredMs, length),
    coveredMs: row.coveredMs,
    estimatedMs: row.estimatedMs,
    expected: row.expected < 0 ? null : row.expected,
    received: row.received,
    power:
      row.coveredMs !== length
        ? null
        : row.micro === undefined
          ? meanPower(row.amount, unit, length)
          : meanPower(row.micro, unit, length * 1000)
  }
}

/** A raw interval row, with the two register figures that make it. */
export const intervalRow = ({ block, i }: IntervalAt) => ({
  start: iso(block.start[i]),
  end: iso(block.end[i]),
  milli: block.milli[i],
  kwh: kwh(block.milli[i], block.unit),
  quality: QUALITIES[block.quality[i]] ?? String(block.quality[i]),
  op: OPS[block.op[i]] ?? String(block.op[i]),
  low: block.low[i],
  high: block.high[i] < 0 ? null : block.high[i],
  rule: block.words[block.rule[i]] ?? '',
  rev: block.rev[i],
  knownAt: iso(block.knownAt[i]),
  fromAt: iso(block.fromAt[i]),
  fromValue: decimal(block.fromValue[i], 3),
  toAt: iso(block.toAt[i]),
  toValue: decimal(block.toValue[i], 3),
  power: OPS[block.op[i]] === 'put' ? meanPower(block.milli[i], block.unit, block.end[i] - block.start[i]) : null
})

export const SuspectBody = z.object({
  register: z.string(),
  at: z.string(),
  until: z.string(),
  count: z.number(),
  value: z.string(),
  unit: z.string(),
  device: z.string(),
  reason: z.string(),
  detail: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  line: z.number(),
  knownAt: z.string()
})
export const suspectRow = (suspect: Suspect) => ({
  register: suspect.register,
  at: iso(suspect.at),
  until: iso(suspect.until),
  count: suspect.count,
  value: decimal(suspect.value, 3),
  unit: suspect.unit,
  device: suspect.device,
  reason: suspect.reason,
  detail: suspect.detail,
  topic: suspect.topic,
  partition: suspect.partition,
  offset: suspect.offset,
  line: suspect.line,
  knownAt: iso(suspect.knownAt)
})

export const RejectBody = z.object({
  source: z.string(),
  origin: z.string(),
  name: z.string(),
  line: z.number(),
  field: z.string(),
  reason: z.string(),
  expected: z.string(),
  found: z.string(),
  advice: z.string(),
  ingestedAt: z.string(),
  parserVersion: z.number()
})

export const rejectRow = (reject: Reject) => ({ ...reject, ingestedAt: iso(reject.ingestedAt) })
