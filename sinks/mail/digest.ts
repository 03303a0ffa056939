import { DateTime } from 'luxon'
import { alertKey, isActiveAlert } from '../../schemas/alerts.js'
import type { Alert } from '../../schemas/generated.js'

export interface Digest {
  subject: string
  text: string
  html: string
}

/** What a mail lists; of more, their number. */
const MAX_LISTED = 300
const SUBJECTS_NAMED = 3
/** A sentence of a rule is short; what stands in a name somebody chose may not be. */
const MAX_CHARACTERS = 500

const SECTIONS = ['Began', 'Still there', 'Over', 'Came and went', 'Taken back: a correction removed the cause'] as const
type Section = (typeof SECTIONS)[number]

/** What a step is to someone who was told of the alert before, or was not; null: nothing. */
const sectionOf = (alert: Alert, told: boolean): Section | null => {
  if (isActiveAlert(alert)) return told ? 'Still there' : 'Began'
  if (alert.state === 'retracted') return told ? 'Taken back: a correction removed the cause' : null
  return told ? 'Over' : 'Came and went'
}

/**
 * One mail of the newest step of each alert. `told`: keys of the alerts the reader knows of. Times in `zone`. Null: what came was taken
 * back before anybody was told.
 */
export const digestOf = (alerts: readonly Alert[], told: ReadonlySet<string>, zone: string): Digest | null => {
  const sections = new Map<Section, Alert[]>(SECTIONS.map((section) => [section, []]))
  for (const alert of alerts) {
    const section = sectionOf(alert, told.has(alertKey(alert)))
    if (section !== null) sections.get(section)!.push(alert)
  }
  const all = [...sections].filter(([, list]) => list.length > 0)
  if (all.length === 0) return null
  const parts = listed(all)
  const more = all.reduce((sum, [, list]) => sum + list.length, 0) - parts.reduce((sum, [, list]) => sum + list.length, 0)
  const tail = [...(more > 0 ? [`And ${more} more: see the page, or wattledger alerts.`] : []), `Times are those of ${zone}.`]
  return {
    subject: headline(all),
    text: `${parts.map(([section, list]) => `${section}\n${list.map((alert) => textOf(alert, zone)).join('\n')}`).join('\n\n')}\n\n${tail.join('\n')}\n`,
    html: `${parts
      .map(([section, list]) => `<h3>${section}</h3>\n<ul>\n${list.map((alert) => htmlOf(alert, zone)).join('\n')}\n</ul>`)
      .join('\n')}\n<p>${tail.map(escaped).join('<br>')}</p>\n`
  }
}

/** The first of them, by subject, so that what belongs together stands together. */
const listed = (all: readonly (readonly [Section, Alert[]])[]): [Section, Alert[]][] => {
  let room = MAX_LISTED
  return all.flatMap(([section, list]): [Section, Alert[]][] => {
    const sorted = [...list].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.since - b.since)).slice(0, room)
    room -= sorted.length
    return sorted.length === 0 ? [] : [[section, sorted]]
  })
}

const headline = (all: readonly (readonly [Section, Alert[]])[]): string => {
  const counted = all.map(([section, list]) => `${list.length} ${section.split(':')[0].toLowerCase()}`)
  const subjects = [...new Set(all.flatMap(([, list]) => list.map(({ subject }) => oneLine(subject))))]
  const named = subjects.length > SUBJECTS_NAMED ? [...subjects.slice(0, SUBJECTS_NAMED), '…'] : subjects
  return `Wattledger: ${counted.join(', ')} (${named.join(', ')})`.slice(0, MAX_CHARACTERS)
}

const CONTROL = /\p{Cc}+/gu
const oneLine = (text: string): string => text.replace(CONTROL, ' ').slice(0, MAX_CHARACTERS)

const timeOf = (at: number, zone: string): string => DateTime.fromMillis(at, { zone }).toFormat('yyyy-LL-dd HH:mm')

interface Said {
  head: string
  detail: string
}

const saidOf = (alert: Alert, zone: string): Said => {
  const { subject, register, rule, severity, state, since, until, reminders, text } = alert
  const facts = [
    rule,
    severity,
    ...(state === 'flapping' ? ['comes and goes'] : []),
    until === null ? `since ${timeOf(since, zone)}` : `from ${timeOf(since, zone)} to ${timeOf(until, zone)}`,
    ...(reminders > 0 && isActiveAlert(alert) ? [`reminder ${reminders}`] : [])
  ]
  return { head: oneLine([subject, register].filter(Boolean).join(' ')), detail: oneLine(`${facts.join(', ')}. ${text}`.trim()) }
}

const textOf = (alert: Alert, zone: string): string => {
  const { head, detail } = saidOf(alert, zone)
  return `  ${head}\n    ${detail}`
}

const htmlOf = (alert: Alert, zone: string): string => {
  const { head, detail } = saidOf(alert, zone)
  return `<li><b>${escaped(head)}</b><br>${escaped(detail)}</li>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (each) => ENTITIES[each])
