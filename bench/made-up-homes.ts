import { createHash } from 'node:crypto'
import { noise, packedBlock, sidOf, tmpoName } from './made-up.js'

/** Made-up homes with clamps, their groups and their workbook, in the proportions of sixty real ones: 206 sensors, 478 rows. */

const STEP_S = 8
/** Of sixty homes: those with panels, those of a group, and those of a second group besides. */
const [OF, WITH_PANELS, IN_GROUP, IN_SECOND] = [60, 43, 12, 25]

/** [from, to) in epoch seconds. */
export interface Seconds {
  from: number
  to: number
}

/** What a clamp counts: an export has the name of its import with a dash behind. */
const [MAINS, MAINS_OUT, PANELS, PANELS_OUT] = ['Mains', 'Mains-', 'PV', 'PV-'] as const
type Clamp = typeof MAINS | typeof MAINS_OUT | typeof PANELS | typeof PANELS_OUT
const FACTORS: Record<Clamp, [network: string, prod: string, cons: string]> = {
  [MAINS]: ['1', '', '1'],
  [MAINS_OUT]: ['-1', '', '-1'],
  [PANELS]: ['', '1', '1'],
  [PANELS_OUT]: ['', '-1', '-1']
}

interface Sensor {
  sid: string
  clamp: Clamp
  /** What it shows, thousandths of a Wh, and what it showed first. */
  shows: number
  first: number | null
}

interface Step {
  bought: number
  sold: number
  used: number
  made: number
}

/** A home whose load wanders, and whose panels follow the sun through clouds. */
export class MadeUpHome {
  readonly id: string
  readonly sensors: Sensor[]
  readonly #random: () => number
  #watts = 400
  #cloud = 0.5

  constructor(
    readonly index: number,
    readonly hasPanels: boolean
  ) {
    this.id = `HOME${String(index + 1).padStart(2, '0')}`
    const clamps = hasPanels ? [MAINS, MAINS_OUT, PANELS, PANELS_OUT] : [MAINS, MAINS_OUT]
    this.sensors = clamps.map((clamp, i) => ({ sid: sidOf(1000 + index * 4 + i), clamp, shows: 123_456, first: null }))
    this.#random = noise(5000 + index)
  }

  /**
   * The blocks of this home that hold readings of a span; to be asked for one after the other in time. A reading every 8 s, but for the
   * first sensor's in `hole`.
   */
  *blocks({ level, bid }: BlockName, span: Seconds, hole: Seconds | null): Generator<{ name: string; bytes: Buffer; readings: number }> {
    const from = Math.max(bid, span.from)
    const to = Math.min(bid + 2 ** level, span.to + STEP_S)
    const steps: Step[] = []
    for (let at = from; at < to; at += STEP_S) steps.push(this.#step(at))
    for (const sensor of this.sensors) {
      const head: [number, number] = [from, sensor.shows + countOf(sensor.clamp, steps[0])]
      sensor.first ??= head[1]
      const [t, v] = [[0], [0]]
      let [at, shows] = head
      let pending = 0
      for (let i = 1; i < steps.length; i++) {
        pending += countOf(sensor.clamp, steps[i])
        const now = from + i * STEP_S
        if (hole !== null && sensor === this.sensors[0] && hole.from <= now && now < hole.to) continue
        t.push(now - at)
        v.push(pending / 1000)
        at = now
        shows += pending
        pending = 0
      }
      sensor.shows = shows + pending
      yield {
        name: tmpoName(sensor.sid, level, bid),
        bytes: packedBlock(sensor.sid, head, [at, shows], t, v, directionOf(sensor.clamp)),
        readings: t.length
      }
    }
  }

  /** P_tot since its first readings, thousandths of a Wh. */
  get net(): number {
    const counted = ({ shows, first }: Sensor) => shows - (first ?? shows)
    return counted(this.sensors[0]) - counted(this.sensors[1])
  }

  /** Thousandths of a Wh in the eight seconds before an instant. */
  #step(at: number): Step {
    const random = this.#random
    if (random() < 0.02) this.#watts = 150 + 1500 * random()
    if (random() < 0.01) this.#cloud = random()
    const hour = (at / 3600) % 24
    const sun = this.hasPanels ? Math.max(0, Math.sin(((hour - 8) / 8) * Math.PI)) * (hour > 8 && hour < 16 ? 1 : 0) : 0
    const milli = (watts: number) => Math.round((watts * STEP_S) / 3.6)
    const used = milli(this.#watts * (0.97 + 0.06 * random()))
    const made = milli(2500 * sun * (1 - this.#cloud))
    return { used, made, bought: Math.max(0, used - made), sold: Math.max(0, made - used) }
  }
}

const countOf = (clamp: Clamp, { bought, sold, made }: Step): number =>
  clamp === MAINS ? bought : clamp === MAINS_OUT ? sold : clamp === PANELS_OUT ? made : 0

const directionOf = (clamp: Clamp) => (clamp.endsWith('-') ? 'pminus' : 'pplus')

/** So many homes; the first of them have panels. */
export const madeUpHomes = (count: number): MadeUpHome[] =>
  Array.from({ length: count }, (_, i) => new MadeUpHome(i, i < Math.round((count * WITH_PANELS) / OF)))

/** Groups by name. */
export const groupsOf = (homes: readonly MadeUpHome[]): Map<string, readonly MadeUpHome[]> => {
  const groups = new Map<string, readonly MadeUpHome[]>()
  for (let from = 0; from < homes.length; from += IN_GROUP)
    groups.set(`GROUP${String(groups.size + 1).padStart(2, '0')}`, homes.slice(from, from + IN_GROUP))
  return groups.set('SECOND', homes.slice(-Math.round((homes.length * IN_SECOND) / OF)))
}

const SENSORS_HEAD = ['InstallationId', 'StartDate', 'FlmId', 'Function', 'Network', 'Prod', 'Cons', 'VE', 'SensorId', 'Token']

/** The workbook's tabs; the panels of `reversed` have the other sign. */
export const workbookTabs = (homes: readonly MadeUpHome[], reversed: MadeUpHome | null) => {
  const groups = groupsOf(homes)
  const rowsOf = (installation: string, members: readonly MadeUpHome[]) =>
    members.flatMap((home) =>
      home.sensors.map(({ sid, clamp }) => {
        const factors = FACTORS[clamp].map((factor, i) => (home === reversed && i === 1 ? turned(factor) : factor))
        return [installation, '', `FLM${home.index}`, clamp, ...factors, '', sid, tokenOf(sid)]
      })
    )
  const rows = [...homes.flatMap((home) => rowsOf(home.id, [home])), ...[...groups].flatMap(([id, members]) => rowsOf(id, members))]
  const access = [...homes.map(({ id }) => [id, id]), ...[...groups].flatMap(([id, members]) => members.map((home) => [home.id, id]))]
  return [
    { name: 'Export_InstallationSensors', rows: [SENSORS_HEAD, ...rows] },
    { name: 'Export_Access', rows: [['Login', 'InstallationId'], ...access] },
    { name: 'InstallationCaptions', rows: [['InstallationId', 'Caption'], ...[...groups.keys()].map((id) => [id, `Group ${id}`])] }
  ]
}

const turned = (factor: string): string => (factor === '' ? '' : String(-Number(factor)))

const tokenOf = (sid: string): string => createHash('md5').update(sid).digest('hex')

export interface BlockName {
  level: number
  bid: number
}

const [LONG, SHORT] = [20, 16]

/** Names of the blocks that a span is told in: long ones for as long as they are whole, then short ones. */
export function* blocksOf({ from, to }: Seconds): Generator<BlockName> {
  for (let bid = Math.floor(from / 2 ** LONG) * 2 ** LONG; bid <= to; ) {
    const level = bid % 2 ** LONG === 0 && bid + 2 ** LONG <= to ? LONG : SHORT
    if (bid + 2 ** level > from) yield { level, bid }
    bid += 2 ** level
  }
}
