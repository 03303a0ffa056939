import { computed, signal } from '@preact/signals'
import { paced } from '../chart/paced.js'
import { get } from '../http.js'
import { subscribed } from '../live.js'

export interface AlertInfo {
  key: string
  rule: string
  subject: string
  register: string
  source: string
  state: string
  severity: string
  since: string
  at: string
  until: string | null
  text: string
  evidence: { register: string; start: string; end: string }[]
  occurrences: number
  ackedBy: string
  note: string
}

/** Newest first; null: not known yet. */
export const alerts = signal<AlertInfo[] | null>(null)
export const alertsProblem = signal<string | null>(null)

/** A hundred steps at once are one question. */
const SOON_MS = 1_000
/** The socket tells what is in the log; the store that is asked may be a moment behind. */
const BEHIND_MS = 5_000
const OVER = ['ok', 'retracted']

export const isActive = ({ state }: Pick<AlertInfo, 'state'>): boolean => !OVER.includes(state)

/** Points with an alert that is active, and how many they have. */
export const alarmed = computed(() => {
  const counts = new Map<string, number>()
  for (const { subject } of (alerts.value ?? []).filter(isActive)) counts.set(subject, (counts.get(subject) ?? 0) + 1)
  return counts
})

export const loadAlerts = async (): Promise<void> => {
  try {
    alerts.value = (await get<{ alerts: AlertInfo[] }>('/v1/alerts', { limit: 200 })).alerts
    alertsProblem.value = null
  } catch (error) {
    alertsProblem.value = (error as Error).message
  }
}

/** Asks for them when the socket tells a step of any, and after every loss of it, until the function that it returns is called. */
export const followAlerts = (): (() => void) => {
  let later: ReturnType<typeof setTimeout> | undefined
  const pace = paced(async () => {
    await loadAlerts()
    if (alertsProblem.value !== null) askLater()
  }, SOON_MS)
  const askLater = () => {
    clearTimeout(later)
    later = setTimeout(() => pace.ask('all'), BEHIND_MS)
  }
  const ask = () => {
    pace.ask('all')
    askLater()
  }
  ask()
  const leave = subscribed({ select: { points: '*', measure: 'alerts' }, from: 'latest' }, { rows: ask, live: ask })
  return () => {
    leave()
    clearTimeout(later)
    pace.stop()
  }
}
