import type { Intervals } from '../../schemas/generated.js'
import { Op } from '../../schemas/quality.js'
import type { Cause } from '../alerts/machine.js'
import { type SeriesRules, settingsAt } from '../energy/rules.js'
import { deskKey, deskOf, type WatchState } from './state.js'

const HOUR = 3_600_000
/** What happened at an instant is told for a day after the counter rule decided it at the latest. */
const TOLD_MS = 24 * HOUR

/** Which rule tells of rows that the counter rule made for want of an explanation (RULES §1, 5 and 6). */
const RULE_OF: Readonly<Record<string, 'backwards' | 'jump'>> = {
  reset: 'backwards',
  backwards: 'backwards',
  replacement: 'backwards',
  jump: 'jump'
}
const WORDS = Object.keys(RULE_OF).map((word) => Buffer.from(word))
const RULES = ['backwards', 'jump'] as const

/** A record of intervals that, undecoded, has none of the words: it changes nothing of a point that has no such alert. */
export const mayTell = (record: Buffer): boolean => WORDS.some((word) => record.includes(word))

/** Whether rows that are replaced may take an alert back. */
export const hasTold = (state: WatchState): boolean =>
  Object.entries(state.desks).some(([key, { causes }]) => causes.length > 0 && RULES.some((rule) => key.startsWith(`${rule}|`)))

/** Takes in a block, changing `state`, which the caller owns; returns the desks whose causes changed. */
export const takeIntervals = (state: WatchState, block: Intervals, rules: SeriesRules): Set<string> => {
  const changed = new Set<string>()
  for (let i = 0; i < block.rows; i++) {
    const rule = ruleOf(block, i)
    for (const each of RULES) {
      const { causes } = deskOf(state, each, block.register)
      const others = causes.filter(({ from }) => from !== block.start[i])
      if (each !== rule && others.length === causes.length) continue
      const now = each === rule ? [...others, causeOf(block, i, rule, rules)].sort((a, b) => a.from - b.from) : others
      state.desks[deskKey(each, block.register)] = { ...deskOf(state, each, block.register), causes: now }
      changed.add(deskKey(each, block.register))
    }
  }
  return changed
}

const ruleOf = (block: Intervals, i: number): 'backwards' | 'jump' | null => {
  if (block.op[i] !== Op.UNKNOWN) return null
  for (const word of (block.words[block.rule[i]] ?? '').split('+')) if (RULE_OF[word] !== undefined) return RULE_OF[word]
  return null
}

const causeOf = (block: Intervals, i: number, rule: 'backwards' | 'jump', rules: SeriesRules): Cause => {
  const { register, partition, words, unit } = block
  const [start, end] = [block.start[i], block.end[i]]
  const [from, to] = [block.fromValue[i] / 1000, block.toValue[i] / 1000]
  const why =
    rule === 'jump' ? 'more than the rated power allows' : 'no rollover, reset or replacement that is registered explains all of it'
  return {
    from: start,
    to: end + settingsAt(rules, end).maxHoldMs + TOLD_MS,
    firesAt: end,
    levels: [{ at: end, severity: 'warning' }],
    value: to - from,
    threshold: null,
    unit,
    text: `It showed ${from} ${unit}, then ${to} ${unit} at ${new Date(block.toAt[i]).toISOString()}: ${why}.`,
    rows: [{ register, start, end, topic: words[block.toTopic[i]] ?? '', partition, offset: block.toOffset[i] }],
    count: 1
  }
}
