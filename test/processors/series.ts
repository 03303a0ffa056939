import { addAsk } from '../../processors/asks.js'
import { type EnergyHistory, type Refolded, refold } from '../../processors/energy/history.js'
import { type Row, rowOf, type SuspectDraft, toBlock } from '../../processors/energy/rows.js'
import { NO_RULES, type SeriesRules } from '../../processors/energy/rules.js'
import { type EnergyState, initialState } from '../../processors/energy/state.js'
import { beat, step } from '../../processors/energy/step.js'
import type { Intervals, Readings, Suspect } from '../../schemas/generated.js'
import { mergeIntervals, type Rows, reachOf } from '../../schemas/merge.js'
import { Op, Quality } from '../../schemas/quality.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** A block of register readings in kWh with `digits` after the point; times in minutes. */
export const counterBlock = (
  rows: readonly (readonly [minute: number, kwh: number])[],
  digits: number,
  more: Partial<Readings> = {}
): Readings => ({
  point: 'test/p',
  register: '1.8.0',
  kind: 'COUNTER',
  curve: '',
  unit: 'kWh',
  scale: digits,
  step: 1,
  words: [],
  device: '',
  boot: null,
  source: 'test',
  origin: 'o',
  attrs: {},
  revision: 0,
  parserVersion: 1,
  ingestedAt: 1,
  rows: rows.length,
  at: rows.map(([minute]) => minute * MINUTE),
  span: rows.map(() => 0),
  value: rows.map(([, kwh]) => Math.round(kwh * 10 ** digits)),
  quality: rows.map(() => Quality.RAW),
  code: rows.map(() => 0),
  flags: rows.map(() => 0),
  line: rows.map(() => 0),
  ...more
})

/** What a store gives for [from, to): blocks with a row that overlaps it, and every revision of those rows. */
export const overlapping = <Block extends Rows>(blocks: readonly Block[], from: number, to: number): Block[] => {
  const touching = (since: number) => blocks.filter((block) => block.start.some((start, i) => start < to && block.end[i] > since))
  const reach = reachOf(touching(from), from)
  return blocks.filter((block) => block.start.some((start, i) => start < to && (block.end[i] > from || start >= reach)))
}

/** One series with its fold and, in memory, what a store would hold. */
export class Series {
  state: EnergyState = initialState('test/p', '1.8.0')
  readings: { block: Readings; position: { topic: string; partition: number; offset: number } }[] = []
  blocks: Intervals[] = []
  suspects = new Map<string, Suspect>()
  beatAt = 0

  constructor(public rules: SeriesRules = NO_RULES) {}

  feed(block: Readings): this {
    const position = { topic: 't', partition: 0, offset: this.readings.length }
    this.readings.push({ block, position })
    this.state = JSON.parse(JSON.stringify(this.state))
    return this.take(step(this.state, block, position, this.rules))
  }

  beat(at: number): this {
    this.beatAt = Math.max(this.beatAt, at)
    return this.take(beat(this.state, at, this.rules))
  }

  private take({
    state,
    gone = [],
    rows,
    suspects
  }: Omit<Refolded, 'gone' | 'suspects'> & { gone?: Row[]; suspects: (SuspectDraft & { op?: number })[] }): this {
    this.state = { ...state, rev: this.state.rev }
    for (const part of [gone, rows]) if (part.length > 0) this.blocks.push(this.block(part))
    if (suspects.length > 0 && gone.length + rows.length === 0) this.state.rev++
    const { rev, knownAt } = this.state
    for (const suspect of suspects) {
      const key = `${suspect.at} ${suspect.device} ${suspect.value} ${suspect.reason}`
      this.suspects.set(key, { ...suspect, op: suspect.op ?? 0, rev, knownAt, partition: 0, ruleVersion: 1 })
    }
    return this
  }

  private block(rows: Row[]): Intervals {
    const { point, register, unit, source, native, knownAt } = this.state
    return toBlock({ point, register, unit, source, native, partition: 0, rev: ++this.state.rev, knownAt }, rows)
  }

  history(): EnergyHistory {
    return {
      first: Math.min(...this.readings.map(({ block }) => block.at[0])),
      readings: async (from, to) => this.readings.filter(({ block }) => block.at.some((at) => at >= from && at <= to)),
      intervals: async (from, to) => overlapping(this.blocks, from, to),
      suspects: async (from, to) =>
        [...this.suspects.values()].filter((suspect) => suspect.op === 0 && suspect.at >= from && suspect.at <= to)
    }
  }

  async answer(): Promise<this> {
    for (let rounds = 0; this.state.asks.length > 0; rounds++) {
      if (rounds > 200) throw new Error(`asks do not end: ${JSON.stringify(this.state.asks)}`)
      this.take(await refold(this.state, this.state.asks[0], this.rules, this.history(), this.beatAt))
    }
    return this
  }

  /** Asks for everything again, as a registry row or `wattledger refold` does. */
  async again(rules: SeriesRules = this.rules): Promise<this> {
    this.rules = rules
    if (this.state.last) this.state = { ...this.state, asks: addAsk(this.state.asks, { from: -1e15, to: this.state.last.at }) }
    return this.answer()
  }

  rows(): Row[] {
    return mergeIntervals(this.blocks).flatMap((block) => Array.from({ length: block.rows }, (_, i) => rowOf(block, i)))
  }

  /** Current rows and suspects, without revisions and provenance. */
  ledger(): { rows: string[]; suspects: string[] } {
    return {
      rows: this.rows().map((row) => `${row.start}-${row.end} ${row.milli} ${row.op} ${row.high} q${row.quality} ${row.rule}`),
      suspects: [...this.suspects.values()]
        .filter((s) => s.op === 0)
        .map((s) => `${s.at} ${s.value} ${s.reason}`)
        .sort()
    }
  }

  milli(): number {
    return this.rows().reduce((sum, row) => sum + row.milli, 0)
  }

  tails(): Row[] {
    return this.rows().filter((row) => row.op === Op.UNKNOWN)
  }

  reasons(): string[] {
    return [...new Set([...this.suspects.values()].filter((s) => s.op === 0).map((s) => s.reason))].sort()
  }
}
