import { escape as escaped } from '@influxdata/influxdb-client'
import { completeness } from '../../schemas/completeness.js'
import type { Alert, Readings, Slots } from '../../schemas/generated.js'
import { hasValue } from '../../schemas/quality.js'
import type { Place } from './client.js'

/**
 * Records as lines of line protocol (docs/influxdb.md). A field has one type for ever: it is written here and nowhere else, integers
 * with an i. What may change in a revision is never a tag, or the old point would stay beside the new one.
 */
export const FIELDS = {
  energy: {
    milli: 'integer',
    kwh: 'float',
    kvarh: 'float',
    kvah: 'float',
    m3: 'float',
    kg: 'float',
    s: 'float',
    count: 'float',
    quality: 'integer',
    completeness: 'float'
  },
  power: { w: 'float', quality: 'integer', completeness: 'float' },
  gauge: { value: 'float', quality: 'integer' },
  alert: {
    state: 'string',
    severity: 'string',
    text: 'string',
    at_ms: 'integer',
    until_ms: 'integer',
    value: 'float',
    threshold: 'float',
    unit: 'string',
    occurrences: 'integer',
    notify: 'boolean',
    acked_by: 'string',
    rev: 'integer'
  }
} as const

/** A unit's own field: its name, and how many units make one of it. */
const OWN_FIELD: Record<string, readonly [field: keyof typeof FIELDS.energy, units: number] | undefined> = {
  Wh: ['kwh', 1000],
  varh: ['kvarh', 1000],
  VAh: ['kvah', 1000],
  L: ['m3', 1000],
  g: ['kg', 1000],
  s: ['s', 1],
  count: ['count', 1]
}

const MILLI_SCALE = 3

type Tags = Place['tags']

/** In the order of their names, as the server sorts them. */
export const slotTags = ({ grid, point, register }: Pick<Slots, 'grid' | 'point' | 'register'>): Tags => [
  ['grid', grid],
  ['point', point],
  ['register', register]
]
export const gaugeTags = ({ point, register, unit }: Pick<Readings, 'point' | 'register' | 'unit'>): Tags => [
  ['point', point],
  ['register', register],
  ['unit', unit]
]
export const alertTags = ({ register, rule, subject }: Pick<Alert, 'register' | 'rule' | 'subject'>): Tags => [
  ['register', register],
  ['rule', rule],
  ['subject', subject]
]

/** Measurement and tags, escaped; a tag without a value is none. */
export const headOf = (measurement: string, tags: Tags): string =>
  [measurement, ...tags.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${escaped.tag(value)}`)].join(',')

/** Line protocol has no way to write these in a tag that every server reads back alike. */
export const canBeTags = (tags: Tags): boolean => tags.every(([, value]) => !UNWRITABLE.test(value))
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWRITABLE = /[\\\u0000-\u001f\u007f]/

/** One line for every row; WITHDRAWN ones must not be among them. */
export const slotLines = (block: Slots): string[] => {
  const head = headOf('energy', slotTags(block))
  const lines = new Array<string>(block.rows)
  for (let i = 0; i < block.rows; i++) {
    const { milli, own, quality, completeness } = energyFields(block, i)
    lines[i] =
      `${head} milli=${milli}i${own ? `,${own.name}=${own.value}` : ''},quality=${quality}i,completeness=${completeness} ${block.start[i]}`
  }
  return lines
}

/** What a row tells there, by the names of its fields; `own`: the one of its unit. */
export const energyFields = (block: Slots, i: number) => {
  const amount = block.amount[i]
  const own = OWN_FIELD[block.unit]
  const milli = 10 ** (block.scale - MILLI_SCALE)
  return {
    milli: milli === 1 ? amount : Math.round(amount / milli),
    own: own && { name: own[0], value: amount / (own[1] * 10 ** block.scale) },
    quality: block.quality[i],
    completeness: completeness(block.expected[i], block.received[i], block.coveredMs[i], block.end[i] - block.start[i])
  }
}

/** One line for every row that has a value. */
export const gaugeLines = (block: Readings): string[] => {
  const head = headOf('gauge', gaugeTags(block))
  const one = 10 ** block.scale
  const lines: string[] = []
  for (let i = 0; i < block.rows; i++) {
    if (hasValue(block.quality[i])) lines.push(`${head} value=${block.value[i] / one},quality=${block.quality[i]}i ${block.at[i]}`)
  }
  return lines
}

/** Longest text the server takes is 64 KiB; a sentence for people is far shorter. */
const TEXT_CHARACTERS = 1000

const quoted = (text: string): string => escaped.quoted(text.slice(0, TEXT_CHARACTERS))

/** Its present state, at the instant its condition began. */
export const alertLine = (alert: Alert): string => {
  const fields = [
    `state=${quoted(alert.state)}`,
    `severity=${quoted(alert.severity)}`,
    `text=${quoted(alert.text)}`,
    `at_ms=${alert.at}i`,
    alert.until === null ? '' : `until_ms=${alert.until}i`,
    alert.value === null ? '' : `value=${alert.value}`,
    alert.threshold === null ? '' : `threshold=${alert.threshold}`,
    `unit=${quoted(alert.unit)}`,
    `occurrences=${alert.occurrences}i`,
    `notify=${alert.notify}`,
    `acked_by=${quoted(alert.ackedBy)}`,
    `rev=${alert.rev}i`
  ]
  return `${headOf('alert', alertTags(alert))} ${fields.filter((field) => field !== '').join(',')} ${alert.since}`
}

export const pointOf = ({ measurement, tags, at }: Place): string => `${headOf(measurement, tags)} ${at}`

/** Measurement, tags and instant of a line: what stays the same however often its row is written. */
export const placeOf = (line: string): string => {
  const end = /(?<!\\) /.exec(line)!.index
  return `${line.slice(0, end)}${line.slice(line.lastIndexOf(' '))}`
}
