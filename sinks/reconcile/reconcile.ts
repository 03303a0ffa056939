import { bulkhead } from 'cockatiel'
import type { Copy } from './copy.js'
import { compareDays, DAY_MS, type DayDifference, dayOf, type Tally } from './days.js'
import { type Asked, dayName, nameOf, type SeriesSpan, type TopicLedger } from './ledger.js'

/** A day of a series that a copy tells otherwise than the ledger. */
export interface Difference {
  copy: string
  point: string
  register: string
  /** Its midnight, UTC ms. */
  day: number
  ledger: Tally
  found: Tally
  /** Whether it was rewritten, and is now as the ledger has it. */
  mended: boolean
}

export interface Totals {
  /** Days of series compared, each once for each copy. */
  days: number
  differing: number
  mended: number
  /** Days that changed whenever they were looked at: nothing is known of them. */
  moving: number
}

export type Step =
  | { step: 'reading'; rows: number }
  | { step: 'comparing'; series: number; of: number }
  | ({ step: 'difference' } & Difference)
  | ({ step: 'done' } & Totals)

/** Series whose differences are held in memory at once, and those compared at a time. */
const GROUP = 200
const AT_ONCE = 4
/** Read at once: a year of hours is 8 784 rows. */
const WINDOW_MS = 366 * DAY_MS
/** Of days that change while they are looked at. A day that still fills is restated once a minute. */
const LOOKS = 5

/** One series of one copy, where it is to be compared. */
interface Look {
  copy: Copy
  series: SeriesSpan
}
interface Seen extends DayDifference {
  look: Look
}

/**
 * Compares copies of the ledger with its topic, by day and series, and, with `apply`, rewrites the days that differ. Whoever keeps a
 * copy up to date goes on meanwhile: a copy is read only when it has all that was read of the topic, and a day counts as different only
 * when the topic has not touched it until the copy was read. Rejects with Unavailable when a copy is away or behind.
 */
export async function* reconcile(ledger: TopicLedger, copies: readonly Copy[], asked: Asked, apply: boolean): AsyncGenerator<Step> {
  for await (const rows of ledger.readOn()) yield { step: 'reading', rows }
  const totals: Totals = { days: 0, differing: 0, mended: 0, moving: 0 }
  const looks = await looksAt(ledger, copies, asked)
  for (let first = 0; first < looks.length; first += GROUP) {
    const group = looks.slice(first, first + GROUP)
    for await (const difference of settle(ledger, copies, asked, group, totals, apply)) yield { step: 'difference', ...difference }
    yield { step: 'comparing', series: Math.min(first + GROUP, looks.length), of: looks.length }
  }
  yield { step: 'done', ...totals }
}

/** Every series that the ledger or a copy has, for each copy it belongs in, by name. */
const looksAt = async (ledger: TopicLedger, copies: readonly Copy[], asked: Asked): Promise<Look[]> => {
  const looks: (Look & { name: string })[] = []
  for (const copy of copies) {
    const all = new Map(ledger.series)
    for (const found of await copy.series(asked.grid)) {
      const known = all.get(nameOf(found)) ?? found
      all.set(nameOf(found), { ...found, from: Math.min(known.from, found.from), to: Math.max(known.to, found.to) })
    }
    const kept = Math.max(asked.from, dayOf(await copy.keepsFrom()) + DAY_MS)
    for (const [name, series] of all) {
      const { point } = series
      const span = { from: Math.max(series.from, kept), to: Math.min(series.to, asked.to) }
      if (span.from >= span.to || (asked.points !== null && !asked.points.has(point)) || !copy.takes(series, asked.grid)) continue
      looks.push({ name, copy, series: { ...series, ...span } })
    }
  }
  return looks.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Looks until what differs is known to, and, with `apply`, until it no longer does. */
async function* settle(
  ledger: TopicLedger,
  copies: readonly Copy[],
  asked: Asked,
  group: readonly Look[],
  totals: Totals,
  apply: boolean
): AsyncGenerator<Difference> {
  const told = new Map<string, Difference>()
  let open: readonly Look[] = group
  for (let turn = 0; open.length > 0 && turn < LOOKS; turn++) {
    // What a sink wrote while a day was being mended may have been overwritten: it has to be known before it is compared again.
    if (turn > 0) await readOn(ledger)
    for (const copy of copies) await copy.caughtUp()
    const { days, seen } = await compared(ledger, asked, open)
    if (turn === 0) totals.days += days
    const touched = await readOn(ledger)
    const moving = seen.filter(({ look, day }) => touched.has(dayName(look.series, day)))
    const sure = seen.filter((each) => !moving.includes(each))
    for (const each of sure) if (!told.has(nameOfSeen(each))) told.set(nameOfSeen(each), differenceOf(each))
    if (apply) for (const each of sure) await mend(ledger, asked, each)
    open = (apply ? seen : moving).map(dayAlone)
  }
  const left = new Set(open.map(({ copy, series }) => nameOfSeen({ look: { copy, series }, day: series.from })))
  totals.moving += [...left].filter((name) => !told.has(name)).length
  for (const [name, difference] of [...told].sort(([, a], [, b]) => inOrder(a, b))) {
    const mended = apply && !left.has(name)
    totals.differing++
    if (mended) totals.mended++
    yield { ...difference, mended }
  }
}

const nameOfSeen = ({ look: { copy, series }, day }: Pick<Seen, 'look' | 'day'>): string => `${copy.name} ${dayName(series, day)}`

const differenceOf = ({ look: { copy, series }, day, ledger, found }: Seen): Difference => {
  const { point, register } = series
  return { copy: copy.name, point, register, day, ledger, found, mended: false }
}

const inOrder = (a: Difference, b: Difference): number => {
  const [one, other] = [a, b].map(({ point, register }) => nameOf({ point, register }))
  return one < other ? -1 : one > other ? 1 : a.day - b.day || (a.copy < b.copy ? -1 : 1)
}

/** Its day, and nothing else of the series. */
const dayAlone = ({ look: { copy, series }, day }: Seen): Look => ({ copy, series: { ...series, from: day, to: day + DAY_MS } })

const mend = async (ledger: TopicLedger, { grid }: Asked, { look: { copy, series }, day }: Seen): Promise<void> => {
  const span = { from: day, to: day + DAY_MS }
  await copy.mend(series, grid, span, await ledger.rows(series, span))
}

/** The days on which the topic has told something since. */
const readOn = async (ledger: TopicLedger): Promise<ReadonlySet<string>> => {
  const touched = new Set<string>()
  for await (const _ of ledger.readOn((name) => touched.add(name)));
  return touched
}

const compared = async (ledger: TopicLedger, { grid }: Asked, looks: readonly Look[]): Promise<{ days: number; seen: Seen[] }> => {
  const lanes = bulkhead(AT_ONCE, Number.POSITIVE_INFINITY)
  const seen: Seen[] = []
  let days = 0
  const one = async (look: Look): Promise<void> => {
    const { copy, series } = look
    for (let from = series.from; from < series.to; ) {
      const to = Math.min(series.to, dayOf(from) + WINDOW_MS)
      const ours = copy.wanted(await ledger.rows(series, { from, to }))
      const theirs = await copy.rows(series, grid, { from, to })
      const told = compareDays(ours, theirs)
      days += told.days
      seen.push(...told.differing.map((difference) => ({ look, ...difference })))
      from = to
    }
  }
  await Promise.all(looks.map((look) => lanes.execute(() => one(look))))
  return { days, seen }
}
