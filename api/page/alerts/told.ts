import { computed, signal } from '@preact/signals'
import { get } from '../http.js'

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

const EVERY_MS = 5_000
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

/** Looks again and again, until the function that it returns is called. */
export const followAlerts = (): (() => void) => {
  void loadAlerts()
  const timer = setInterval(() => void loadAlerts(), EVERY_MS)
  return () => clearInterval(timer)
}
