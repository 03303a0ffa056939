import { exact } from '../chart/totals.js'
import { rangeText } from '../chart/words.js'
import { moved, startOf, type Unit } from '../chart/zone.js'
import { clock, day, moment, qualityText, registerName, span } from '../format.js'
import type { ExplainedInterval, ExplainedReading, Explanation, Revision, Suspect } from './answer.js'

/** An explanation put into what is told: sentences, readings, files. Pure, so that a test reads what a visitor reads. */

export const openOf = ({ intervals }: Explanation): ExplainedInterval[] => intervals.filter((each) => !each.clipped)

/** "Between 12:00 and 12:15 on … this meter counted 0.482 kWh." */
export const headlineOf = ({ start, end, sum, unit, zone, register, intervals }: Explanation): string => {
  const name = register === '1.8.0' ? '' : ` of ${registerName(register).toLowerCase()}`
  const least = intervals.some(({ op }) => op === 'unknown') ? 'at least ' : ''
  return `${spanSentence(Date.parse(start), Date.parse(end), zone)} this meter counted ${least}${exact(sum.milli, unit)}${name}.`
}

const spanSentence = (from: number, to: number, zone: string): string => {
  if (isWhole('day', zone, from, to)) return `On ${day(from, zone)}`
  if (isWhole('month', zone, from, to)) return `In ${rangeText({ from, to }, zone)}`
  const seconds = from % 60_000 !== 0 || to % 60_000 !== 0
  if (startOf('day', zone, from) !== startOf('day', zone, to - 1))
    return `From ${moment(from, zone, seconds)} to ${moment(to, zone, seconds)}`
  return `Between ${clock(from, zone, seconds)} and ${clock(to, zone, seconds)} on ${day(from, zone)}`
}

const isWhole = (unit: Unit, zone: string, from: number, to: number): boolean =>
  startOf(unit, zone, from) === from && moved(unit, zone, from, 1) === to

/** What the headline alone would hide; empty when there is nothing of the kind. */
export const caveatsOf = (explanation: Explanation, now: number): string[] => {
  const { figure, sum, unit, intervals, start, end } = explanation
  const caveats: string[] = []
  const length = Date.parse(end) - Date.parse(start)
  const running = Date.parse(end) > now
  if (figure && running) caveats.push(`This time is still running: so far readings cover ${span(figure.coveredMs)} of ${span(length)}.`)
  else if (figure && figure.coveredMs < length)
    caveats.push(`Readings cover ${span(figure.coveredMs)} of ${span(length)}. What passed in the rest is not known, and not made up.`)
  if (figure && figure.estimatedMs > 0)
    caveats.push('A reading is missing around here: the total of the longer span is exact, how much of it fell here is estimated.')
  const unknown = openOf(explanation).filter(({ op }) => op === 'unknown')
  const high = unknown.reduce<number | null>((most, { high }) => (most === null || high === null ? null : most + high), 0)
  if (unknown.length > 0)
    caveats.push(
      high === null
        ? 'Part of the energy is unknown; without a rated power in the registry nobody can say how much it may be at most.'
        : `Part of the energy is unknown: it may be up to ${exact(high, unit)}.`
    )
  // The stored slot of a running time follows once a minute.
  if (figure && !running && figure.milli !== sum.milli)
    caveats.push(`The curve still shows ${exact(figure.milli, unit)}; a revision is on its way.`)
  if (intervals.some(({ clipped }) => clipped)) caveats.push('Part of it lies in time that is not open to you, and is only summed.')
  return caveats
}

export interface Line {
  at: number
  value: string
  unit: string
  /** What it adds, thousandths; null for the reading it starts from. */
  adds: number | null
  /** The whole between the two readings, where only a part lies in the slot. */
  whole: number | null
}

/** The readings in order with what each adds. A curve's interval is one reading, a counter's two. */
export const linesOf = (explanation: Explanation): Line[] => {
  const lines: Line[] = []
  for (const { from, to, milli, inSlot } of openOf(explanation)) {
    if (from && lines.at(-1)?.at !== Date.parse(from.at)) lines.push({ ...shown(from), adds: null, whole: null })
    if (!to) continue
    const adds = inSlot ?? milli
    lines.push({ ...shown(to), adds, whole: adds === milli ? null : milli })
  }
  // A register that never shows decimals here is told without.
  const whole = lines.every(({ value }) => /\.0+$/.test(value))
  return lines.map((line) => ({ ...line, value: grouped(whole ? line.value.replace(/\.0+$/, '') : line.value) }))
}

const shown = ({ at, value, unit }: ExplainedReading) => ({ at: Date.parse(at), value, unit })

/** "2495076.5" → "2,495,076.5". */
const grouped = (value: string): string => {
  const [whole, decimals] = value.split('.')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${decimals === undefined ? '' : `.${decimals}`}`
}

/** Rules that fired, each once, with how often. */
export const rulesOf = (explanation: Explanation): { rule: string; sentence: string; times: number }[] => {
  const rules = new Map<string, { rule: string; sentence: string; times: number }>()
  for (const { rule, sentence } of openOf(explanation).flatMap((each) => each.rules)) {
    const known = rules.get(rule)
    if (known) known.times++
    else rules.set(rule, { rule, sentence, times: 1 })
  }
  // What is out of the ordinary first.
  const usual = ['counter', 'curve']
  return [...rules.values()].sort((a, b) => Number(usual.includes(a.rule)) - Number(usual.includes(b.rule)))
}

/** A raw file, message or demo that readings came in. */
export interface Origin {
  key: string
  source: string
  curve: string
  file: string | null
  firstLine: number | null
  lastLine: number | null
  sha256: string
  receivedAt: string
}

export const originsOf = (explanation: Explanation): Origin[] => {
  const origins = new Map<string, Origin>()
  for (const reading of openOf(explanation).flatMap(({ from, to }) => [from, to])) {
    if (!reading?.stored) continue
    const { origin = '', source = '', curve = '', file = null, line = null, receivedAt = '' } = reading
    const key = origin || `${source} ${file}`
    const known = origins.get(key)
    if (!known) origins.set(key, { key, source, curve, file, firstLine: line, lastLine: line, sha256: origin, receivedAt })
    else if (line !== null) {
      known.firstLine = Math.min(known.firstLine ?? line, line)
      known.lastLine = Math.max(known.lastLine ?? line, line)
    }
  }
  return [...origins.values()]
}

/** Each once, by time: neighbouring intervals both tell of one between them. */
export const suspectsOf = (explanation: Explanation): Suspect[] => {
  const all = openOf(explanation).flatMap(({ suspects }) => suspects)
  const once = new Map(all.map((suspect) => [`${suspect.at} ${suspect.value} ${suspect.reason}`, suspect]))
  return [...once.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

const REASONS: Record<string, string> = {
  glitch: 'not believable, the next readings took it back',
  jump: 'rose by more than the rated power allows',
  backwards: 'fell and nothing explains it',
  negative: 'below zero',
  conflict: 'another value for the same instant',
  'foreign-device': 'from a device that was not this meter at that time'
}

export const suspectText = ({ at, value, unit, count, reason, detail }: Suspect, zone: string): string =>
  `${grouped(value.replace(/\.0+$/, ''))} ${unit} at ${moment(Date.parse(at), zone)}${count > 1 ? ` and ${count - 1} more` : ''}: ${REASONS[reason] ?? (detail || reason)}.`

/** What the figures of the intervals were before: "Until …, it was …". Those that never changed say nothing. */
export const revisionsOf = (explanation: Explanation): { key: string; text: string }[] =>
  openOf(explanation).flatMap(({ start, revisions }) =>
    revisions.slice(0, -1).map((old, i) => ({
      key: `${start} ${old.rev}`,
      text: revisionText(old, revisions[i + 1], explanation)
    }))
  )

const revisionText = ({ op, milli, quality }: Revision, { knownAt }: Revision, { unit, zone }: Explanation): string => {
  const was = op === 'withdrawn' ? 'there was no figure' : `it was ${op === 'unknown' ? 'at least ' : ''}${exact(milli, unit)}`
  return `Until ${moment(Date.parse(knownAt), zone)} ${was}${op === 'withdrawn' ? '' : ` (${qualityText(quality)})`}.`
}

/** Factors of the registry that were applied, each once. */
export const factorsOf = (explanation: Explanation): string[] => [
  ...new Set(openOf(explanation).flatMap(({ factor }) => (factor ? [factor.applied] : [])))
]
