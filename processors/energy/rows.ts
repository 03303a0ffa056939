import { writable } from '../../schemas/exact.js'
import type { Intervals, Suspect } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { RULE_VERSION } from './rules.js'

/** One interval row before it has a revision. */
export interface Row {
  start: number
  end: number
  milli: number
  op: number
  low: number
  high: number
  quality: number
  rule: string
  fromAt: number
  fromValue: number
  fromTopic: string
  fromOffset: number
  toAt: number
  toValue: number
  toTopic: string
  toOffset: number
  factor: string
  travel: number
}

export type SuspectDraft = Omit<Suspect, 'op' | 'rev' | 'knownAt' | 'ruleVersion' | 'partition'>

/** What an undecided case would be if nothing more came: it replaces whatever started at `from` or later. */
export interface Provisional {
  from: number
  rows: Row[]
  suspects: SuspectDraft[]
}

/** What folding a stretch of readings leaves behind. */
export class Draft {
  rows: Row[] = []
  suspects: SuspectDraft[] = []
  /** Rows that started here or later were wrong, also those of earlier steps; null when none were. */
  rewoundTo: number | null = null
  /** A provisional outcome that started here no longer holds; null when none was taken back. */
  takenBackTo: number | null = null
  provisional: Provisional | null = null

  /** Takes back rows that started at `at` or later. */
  rewind(at: number): void {
    this.rewoundTo = this.rewoundTo === null ? at : Math.min(this.rewoundTo, at)
    let keep = this.rows.length
    while (keep > 0 && this.rows[keep - 1].start >= at) keep--
    this.rows.length = keep
  }

  takeBack(at: number): void {
    this.takenBackTo = this.takenBackTo === null ? at : Math.min(this.takenBackTo, at)
  }

  /** Makes the provisional outcome part of the result. */
  settle(): void {
    const outcome = this.provisional
    if (outcome === null) return
    this.provisional = null
    this.rewind(outcome.from)
    this.rows.push(...outcome.rows)
    this.suspects.push(...outcome.suspects)
  }
}

export interface BlockHead {
  point: string
  register: string
  unit: string
  source: string
  native: number
  partition: number
  rev: number
  knownAt: number
}

/** The place of a word in a list, added where it is new; neighbours mostly ask for the same. */
export const indexer = (words: string[]) => {
  let last = ''
  let place = 0
  return (word: string): number => {
    if (word === last) return place
    const known = words.indexOf(word)
    place = known >= 0 ? known : words.push(word) - 1
    last = word
    return place
  }
}

/** Rows as a block with unfolded columns. */
export const toBlock = (head: BlockHead, rows: readonly Row[]): Intervals => {
  const words: string[] = ['']
  const ruleOf = indexer(words)
  const topicOf = indexer(words)
  const factorOf = indexer(words)
  const n = rows.length
  const block: Intervals = {
    point: head.point,
    register: head.register,
    unit: head.unit,
    source: head.source,
    native: head.native,
    ruleVersion: RULE_VERSION,
    beat: 0,
    words,
    partition: head.partition,
    rows: n,
    start: new Array(n),
    end: new Array(n),
    milli: new Array(n),
    op: new Array(n),
    low: new Array(n),
    high: new Array(n),
    quality: new Array(n),
    rule: new Array(n),
    rev: new Array(n).fill(head.rev),
    knownAt: new Array(n).fill(head.knownAt),
    fromAt: new Array(n),
    fromValue: new Array(n),
    toAt: new Array(n),
    toValue: new Array(n),
    fromTopic: new Array(n),
    fromOffset: new Array(n),
    toTopic: new Array(n),
    toOffset: new Array(n),
    factor: new Array(n),
    travel: new Array(n)
  }
  for (let i = 0; i < n; i++) {
    const row = rows[i]
    block.start[i] = row.start
    block.end[i] = row.end
    block.milli[i] = writable(row.milli)
    block.op[i] = row.op
    block.low[i] = writable(row.low)
    block.high[i] = writable(row.high)
    block.quality[i] = row.quality
    block.rule[i] = ruleOf(row.rule)
    block.fromAt[i] = row.fromAt
    block.fromValue[i] = row.fromValue
    block.toAt[i] = row.toAt
    block.toValue[i] = row.toValue
    block.fromTopic[i] = topicOf(row.fromTopic)
    block.fromOffset[i] = row.fromOffset
    block.toTopic[i] = topicOf(row.toTopic)
    block.toOffset[i] = row.toOffset
    block.factor[i] = factorOf(row.factor)
    block.travel[i] = writable(row.travel)
  }
  return block
}

/** The stored row `i` of a block, as a row again. */
export const rowOf = (block: Intervals, i: number): Row => ({
  start: block.start[i],
  end: block.end[i],
  milli: block.milli[i],
  op: block.op[i],
  low: block.low[i],
  high: block.high[i],
  quality: block.quality[i],
  rule: block.words[block.rule[i]] ?? '',
  fromAt: block.fromAt[i],
  fromValue: block.fromValue[i],
  fromTopic: block.words[block.fromTopic[i]] ?? '',
  fromOffset: block.fromOffset[i],
  toAt: block.toAt[i],
  toValue: block.toValue[i],
  toTopic: block.words[block.toTopic[i]] ?? '',
  toOffset: block.toOffset[i],
  factor: block.words[block.factor[i]] ?? '',
  travel: block.travel[i]
})

/** What makes a revision: a row that differs only in where it came from is not sent again. */
export const sameFigures = (a: Row, b: Row): boolean =>
  a.end === b.end &&
  a.milli === b.milli &&
  a.op === b.op &&
  a.low === b.low &&
  a.high === b.high &&
  a.quality === b.quality &&
  a.rule === b.rule

export const withdrawn = (row: Row): Row => ({ ...row, op: Op.WITHDRAWN })

export const worst = (a: number, b: number): number => (a > b ? a : b)
export const questionable = (a: number, b: number): number => worst(worst(a, b), Quality.QUESTIONABLE)
