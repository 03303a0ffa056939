import { typeOf } from '../../schemas/longs.js'
import { Slab } from '../../schemas/slab.js'
import { indexer } from './rows.js'
import type { Accepted, EnergyState, Run, Seen } from './state.js'

/**
 * States as the changelog and the data folder keep them: one is written for every series that a commit touches, and as JSON it took more
 * time than the fold. A byte names the layout; after it come, in Avro, the words of a state and its figures in the order of `figuresOf`,
 * a word being its place. Earlier versions wrote JSON, which begins with a brace; it is still read, and written where a figure is no long
 * of avsc: a register beyond 2^53, an ask from the beginning of time.
 */
const LAYOUT = Buffer.from([1])
const BRACE = 0x7b

const TYPE = typeOf(
  JSON.stringify({
    type: 'record',
    name: 'EnergyState',
    fields: [
      { name: 'words', type: { type: 'array', items: 'string' } },
      { name: 'figures', type: { type: 'array', items: 'long' } }
    ]
  })
)

interface Kept {
  words: string[]
  figures: number[]
}

const slab = new Slab()

export const keep = (state: EnergyState): Buffer => {
  const words = ['']
  const figures = figuresOf(state, indexer(words))
  return figures.every(isLong) ? slab.encode(TYPE, { words, figures }, LAYOUT) : Buffer.from(JSON.stringify(state))
}

const isLong = (figure: number): boolean =>
  Number.isSafeInteger(figure) && figure > Number.MIN_SAFE_INTEGER && figure < Number.MAX_SAFE_INTEGER

/** What `keep` wrote, or JSON. Throws when it is neither. */
export const resume = (bytes: Buffer): EnergyState => {
  if (bytes[0] === BRACE) return JSON.parse(bytes.toString())
  if (bytes[0] !== LAYOUT[0])
    throw new Error(`A state begins with the byte ${bytes[0]}: a newer version of this program has written it. Start that one.`)
  return stateOf(TYPE.fromBuffer(bytes.subarray(LAYOUT.length)) as Kept)
}

type Place = (word: string) => number

const figuresOf = (state: EnergyState, place: Place): number[] => {
  const { last, end, prev, lowers, pending, provisionalFrom } = state
  const figures = [place(state.point), place(state.register), place(state.source), place(state.unit)]
  figures.push(state.native, state.rev, state.knownAt, state.dips, state.superseded, place(state.held))
  if (end === null) figures.push(0)
  else figures.push(1, end)
  if (provisionalFrom === null) figures.push(0)
  else figures.push(1, provisionalFrom)
  if (last === null) figures.push(0)
  else pushSeen(figures, last, place)
  figures.push(prev === null ? 0 : 1)
  if (prev !== null) pushAccepted(figures, prev, place)
  figures.push(lowers.length)
  for (const lower of lowers) pushAccepted(figures, lower, place)
  figures.push(pending.length)
  for (const run of pending) pushRun(figures, run, place)
  figures.push(state.asks.length)
  for (const { from, to } of state.asks) figures.push(from, to)
  return figures
}

const pushSeen = (figures: number[], seen: Seen, place: Place): void => {
  const { at, span, value, device, quality, curve, revision, parserVersion } = seen
  figures.push(1, at, span, value, place(device), quality, place(curve), revision, parserVersion)
}

const pushAccepted = (figures: number[], accepted: Accepted, place: Place): void => {
  const { at, value, device, quality, topic, offset, since, count, travel } = accepted
  figures.push(at, value, place(device), quality, place(topic), offset, since, count, travel)
}

const pushRun = (figures: number[], run: Run, place: Place): void => {
  const { at, until, count, value, step, device, quality, topic, offset, untilTopic, untilOffset, line } = run
  figures.push(at, until, count, value, step, place(device), quality, place(topic), offset, place(untilTopic), untilOffset, line)
}

/** Reads in the order of `figuresOf`. */
const stateOf = ({ words, figures }: Kept): EnergyState => {
  let read = 0
  const next = (): number => figures[read++]
  const word = (): string => words[next()]
  const perhaps = <Part>(part: () => Part): Part | null => (next() === 0 ? null : part())
  const many = <Part>(part: () => Part): Part[] => Array.from({ length: next() }, part)
  const accepted = (): Accepted => ({
    at: next(),
    value: next(),
    device: word(),
    quality: next(),
    topic: word(),
    offset: next(),
    since: next(),
    count: next(),
    travel: next()
  })
  const seen = (): Seen => ({
    at: next(),
    span: next(),
    value: next(),
    device: word(),
    quality: next(),
    curve: word(),
    revision: next(),
    parserVersion: next()
  })
  const run = (): Run => ({
    at: next(),
    until: next(),
    count: next(),
    value: next(),
    step: next(),
    device: word(),
    quality: next(),
    topic: word(),
    offset: next(),
    untilTopic: word(),
    untilOffset: next(),
    line: next()
  })
  const [point, register, source, unit] = [word(), word(), word(), word()]
  const [native, rev, knownAt, dips, superseded] = [next(), next(), next(), next(), next()]
  const held = word() as EnergyState['held']
  const end = perhaps(next)
  const provisionalFrom = perhaps(next)
  const last = perhaps(seen)
  const prev = perhaps(accepted)
  const lowers = many(accepted)
  const pending = many(run)
  const asks = many(() => ({ from: next(), to: next() }))
  const head = { point, register, source, unit, native, rev, knownAt }
  return { ...head, last, end, prev, lowers, pending, held, provisionalFrom, asks, dips, superseded }
}
