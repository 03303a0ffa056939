import type { Point } from '../../schemas/generated.js'
import { problemText } from '../../schemas/problems.js'
import { parseRegistry } from '../../schemas/registry.js'
import { BAKERY_REGISTERED_MS, WORKSHOP_DIAL } from './street.js'

const HOUR_MS = 3_600_000
const KWH = 1_000_000

const BAKERY = "name: 'Village bakery, an unknown dial (demo)', ratedPower: 9.2 kW"

/** What people know of the made-up street, as they would write it. Older history comes in coarser steps: there no interval is expected. */
const written = (t0: number): string => {
  const live = new Date(t0 - 2 * HOUR_MS).toISOString()
  const started = new Date(t0).toISOString()
  return `
defaults: { zone: Europe/Madrid, ratedPower: 5.75 kW }
points:
  - point: demo/linden-1
    name: Linden Street 1 (demo)
    versions: [{ maxHold: 24 h }, { validFrom: ${live}, expectedInterval: 8 s }]
  - point: demo/linden-2
    name: Linden Street 2, with a roof (demo)
    versions: [{ maxHold: 24 h }, { validFrom: ${live}, expectedInterval: 8 s }]
  - { point: demo/linden-3, name: 'Linden Street 3, pulses (demo)' }
  - { point: demo/linden-4, name: 'Linden Street 4, hourly (demo)', expectedInterval: 1 h }
  - { point: demo/workshop, name: 'Workshop, a small dial (demo)', ratedPower: 9.2 kW, dial: ${WORKSHOP_DIAL / KWH} kWh, expectedInterval: 10 s }
  - { point: demo/bakery, ${BAKERY}, expectedInterval: 10 s }
  - point: demo/fridge-plug
    name: Fridge plug, it dips to 0 (demo)
    ratedPower: 2.3 kW
    versions: [{ maxHold: 24 h }, { validFrom: ${started}, expectedInterval: 30 s }]
`
}

/** Registry rows of the street, `knownAt` still to be given. */
export const registryOfStreet = (t0: number): Point[] => pointsOf(written(t0))

/** What somebody finds out about the bakery later: it has held all the time. Empty before that. */
export const foundOut = (t0: number, now: number): Point[] =>
  now < t0 + BAKERY_REGISTERED_MS
    ? []
    : pointsOf(`
defaults: { zone: Europe/Madrid }
points: [{ point: demo/bakery, ${BAKERY}, expectedInterval: 10 s, dial: ${WORKSHOP_DIAL / KWH} kWh }]
`)

const pointsOf = (text: string): Point[] => {
  const parsed = parseRegistry(text, 'the demo')
  if ('problems' in parsed) throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.points
}
