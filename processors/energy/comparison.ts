import { emptyReadings } from '../../schemas/blocks.js'
import { mulDivRound, parseDecimal, share } from '../../schemas/exact.js'
import type { Readings } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'
import { GOLDEN, type Trace } from './golden.js'
import { emoncms, homeAssistant, oed, type Profile, type Shown } from './profiles.js'
import type { Row, SuspectDraft } from './rows.js'
import { NO_RULES, type SeriesRules, settingsAt } from './rules.js'
import { type EnergyState, initialState } from './state.js'
import { step } from './step.js'

/** A golden trace with what each makes of it, in thousandths of Wh. */
export interface Compared {
  trace: Trace
  ours: { milli: number; tail: boolean; rules: string[]; suspects: string[] }
  others: Record<OtherName, number>
}

const OTHERS = {
  'Home Assistant': homeAssistant,
  emonCMS: emoncms,
  OED: oed(() => false),
  'OED in window': oed(() => true)
} satisfies Record<string, Profile>
export type OtherName = keyof typeof OTHERS
export const OTHER_NAMES = Object.keys(OTHERS) as OtherName[]

const MINUTE = 60_000

export const rulesOfTrace = ({ registered }: Trace): SeriesRules => ({
  versions: [{ ...NO_RULES.versions[0], dial: registered?.dial ?? null, expectedMs: registered?.expectedMs ?? null }],
  devices: registered?.devices ?? []
})

/** The trace as blocks of register readings, a block for each meter. */
export const blocksOfTrace = ({ readings }: Trace): Readings[] => {
  const blocks: Readings[] = []
  for (const [minute, text, device = ''] of readings) {
    const scale = text.split('.')[1]?.length ?? 0
    let block = blocks[blocks.length - 1]
    if (block === undefined || block.device !== device) {
      block = emptyBlock(device, scale)
      blocks.push(block)
    }
    block.rows++
    block.at.push(minute * MINUTE)
    block.value.push(parseDecimal(text, scale) as number)
    block.quality.push(Quality.RAW)
    for (const column of [block.span, block.code, block.flags, block.line]) column.push(0)
  }
  return blocks
}

const emptyBlock = (device: string, scale: number): Readings => ({
  ...emptyReadings(),
  point: 'golden',
  register: '1.8.0',
  kind: 'COUNTER',
  unit: 'kWh',
  scale,
  device,
  source: 'golden'
})

const fold = (trace: Trace): Compared['ours'] => {
  let state: EnergyState = initialState('golden', '1.8.0')
  const rows: Row[] = []
  const suspects: SuspectDraft[] = []
  for (const [offset, block] of blocksOfTrace(trace).entries()) {
    const stepped = step(state, block, { topic: 'golden', partition: 0, offset }, rulesOfTrace(trace))
    state = stepped.state
    rows.push(...stepped.rows)
    suspects.push(...stepped.suspects)
  }
  return {
    milli: rows.reduce((sum, row) => sum + row.milli, 0),
    tail: rows.some((row) => row.op === Op.UNKNOWN),
    rules: [...new Set(rows.flatMap((row) => row.rule.split('+')))].filter((rule) => rule !== 'counter'),
    suspects: [...new Set(suspects.map(({ reason }) => reason))]
  }
}

/**
 * What others would bill for [from, to) of the readings of a register, `shown` in time order and before its factor, in thousandths of
 * the unit. As ours, their energy between two readings is spread evenly over the time between; it is multiplied by the factor that
 * holds when it begins. Readings in pieces, the last one of each repeated, add up to the same.
 */
export const billedByOthers = (
  shown: readonly Shown[],
  { from, to }: { from: number; to: number },
  rules: SeriesRules
): { name: OtherName; milli: number }[] =>
  OTHER_NAMES.map((name) => {
    let milli = 0
    for (let i = 1; i < shown.length; i++) {
      const [before, after] = [shown[i - 1], shown[i]]
      const energy = OTHERS[name](before, after)
      if (energy === null || after.at <= from || before.at >= to) continue
      const { num, den } = settingsAt(rules, before.at).factor
      const whole = mulDivRound(Math.round(energy), num, den)
      milli += share(whole, before.at, after.at, to) - share(whole, before.at, after.at, from)
    }
    return { name, milli }
  })

const shownBy = ({ readings }: Trace): Shown[] =>
  readings.map(([minute, text]) => ({ at: minute * MINUTE, value: parseDecimal(text, 6) as number }))

const total = (profile: Profile, shown: readonly Shown[]): number => {
  let milli = 0
  for (let i = 1; i < shown.length; i++) milli += profile(shown[i - 1], shown[i]) ?? 0
  return milli
}

export const compareGolden = (): Compared[] =>
  GOLDEN.map((trace) => {
    const shown = shownBy(trace)
    const others = Object.fromEntries(OTHER_NAMES.map((name) => [name, total(OTHERS[name], shown)])) as Compared['others']
    return { trace, ours: fold(trace), others }
  })
