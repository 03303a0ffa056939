import type { Reject, UploadSummary } from '../answers.js'

/** What files are and why parts of them were not read, in the words of who sent them. */

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

const CURVES: Record<string, string> = {
  F5D: 'Hourly curve F5D',
  RF5D: 'Corrected hourly curve RF5D',
  P5D: 'Provisional hourly curve P5D'
}
const SOURCES: Record<string, string> = { infoenergia: 'Hourly curve', flukso: 'Fluksometer block' }

export const KNOWN_KINDS = 'Known are hourly curves (F5D, RF5D, P5D) and Fluksometer blocks, by the names they were made with.'

/** What a file was understood as; null when no source knows it. */
export const kindOf = (source: string, name: string): string | null => {
  if (source === '') return null
  if (source === 'infoenergia') return CURVES[baseName(name).split('_')[0].toUpperCase()] ?? SOURCES.infoenergia
  return SOURCES[source] ?? source
}

const REASONS: Record<string, string> = {
  'not-recognised': 'Not a file of a known kind',
  'empty-file': 'Nothing in it',
  'not-text': 'Not text',
  'line-too-long': 'Line is too long',
  'wrong-format': 'Rows of another kind of file',
  'gzip-corrupt': 'Damaged gzip',
  'not-gzip': 'Not gzip',
  'bzip2-corrupt': 'Damaged bzip2',
  'zip-corrupt': 'Damaged zip',
  truncated: 'Ends too soon',
  'expands-too-much': 'Unpacks to too much',
  encrypted: 'Locked with a password',
  'unknown-compression': 'Packed in an unknown way',
  'too-few-columns': 'Too few columns',
  'too-many-columns': 'Too many columns',
  'cups-length': 'Supply point of a wrong length',
  'cups-country': 'Supply point of another country',
  'cups-digits': 'Supply point with wrong characters',
  'control-letters': 'Supply point with a typing mistake',
  'not-a-date': 'Not a date',
  'no-such-date': 'No such date',
  'no-such-time': 'No such time that day',
  'ambiguous-time': 'Time that the clock shows twice',
  'off-grid': 'Time that is not the end of an hour',
  'in-the-future': 'Time in the future',
  'before-2000': 'Time before 2000',
  'energy-missing': 'Energy is missing',
  'not-a-number': 'Not a number',
  'too-many-decimals': 'Too many decimals',
  'too-large': 'Too large',
  'method-not-a-number': 'Unknown method',
  'firmness-unknown': 'Unknown firmness',
  'json-invalid': 'Damaged block',
  'header-invalid': 'Block without a right header',
  'non-numeric-delta': 'Not a number',
  'length-mismatch': 'More times than values, or fewer',
  'head-mismatch': 'Block that begins wrongly',
  'time-not-increasing': 'Time that goes back',
  'out-of-span': 'Readings outside their block',
  'tail-mismatch': 'Block that ends wrongly',
  'id-invalid': 'Block under a wrong name',
  'id-mismatch': 'Block of another sensor',
  'unknown-unit': 'Unknown unit'
}

/** A reason without words of its own is shown as it is, with spaces. */
export const reasonText = (reason: string): string => {
  const plain = reason.replaceAll('-', ' ')
  return REASONS[reason] ?? plain.charAt(0).toUpperCase() + plain.slice(1)
}

export const rejectedIn = ({ rejects }: Pick<UploadSummary, 'rejects'>): number => rejects.reduce((sum, { count }) => sum + count, 0)

export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ')

export const counted = (count: number, one: string, many = `${one}s`): string => `${thousands(count)} ${count === 1 ? one : many}`

/** Lines of one file that were set aside for one reason, as they were found. */
export interface SetAside {
  key: string
  name: string
  origin: string
  reason: string
  newest: string
  rejects: Reject[]
}

/** By file and reason, in the order given: newest first. */
export const groupsOf = (rejects: readonly Reject[]): SetAside[] => {
  const groups = new Map<string, SetAside>()
  for (const reject of rejects) {
    const { origin, name, reason, ingestedAt } = reject
    const key = `${origin} ${name} ${reason}`
    const group = groups.get(key)
    if (group) group.rejects.push(reject)
    else groups.set(key, { key, name, origin, reason, newest: ingestedAt, rejects: [reject] })
  }
  for (const { rejects: lines } of groups.values()) lines.sort((a, b) => a.line - b.line)
  return [...groups.values()]
}
