import { signal } from '@preact/signals'
import type { SensorInfo, SensorsPort } from '../answers.js'
import { get, send } from '../http.js'
import { now } from '../live.js'
import { type Given, wasAsked } from './words.js'

/** The Fluksometer sensors whose tokens are known, those in trouble first; null until they are known. */
export const sensors = signal<(SensorsPort & { sensors: SensorInfo[] }) | null>(null)
export const sensorsProblem = signal<string | null>(null)
/** The token that was given last. */
export const given = signal<Given | null>(null)

const EVERY_MS = 30_000
/** While somebody waits for what becomes of a token. */
const SOON_MS = 2_000

export const rowOf = (sensor: string): SensorInfo | undefined => sensors.value?.sensors.find((row) => row.sensor === sensor)

export const loadSensors = async (): Promise<void> => {
  try {
    sensors.value = await get('/v1/sensors')
    sensorsProblem.value = null
  } catch (error) {
    sensorsProblem.value = (error as Error).message
  }
}

/** Asks again and again, until the function that it returns is called; at once when a token is given. */
export const followSensors = (): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let round = 0
  const ask = async (): Promise<void> => {
    clearTimeout(timer)
    const mine = ++round
    await loadSensors()
    if (mine === round) timer = setTimeout(() => void ask(), isAwaited() ? SOON_MS : EVERY_MS)
  }
  const leave = given.subscribe(() => void ask())
  return () => {
    leave()
    clearTimeout(timer)
    round = -1
    given.value = null
  }
}

const isAwaited = (): boolean => given.value !== null && sensors.value?.asks === 'here' && !wasAsked(given.value, rowOf(given.value.sensor))

/** Rejects with what is wrong with them. */
export const giveToken = async (sensor: string, token: string): Promise<void> => {
  const { sensor: row, was } = await send<{ sensor: SensorInfo; was: Given['was'] }>('POST', '/v1/sensors', { sensor, token })
  given.value = { sensor: row.sensor, at: now.peek(), was }
}

export const takeToken = async (sensor: string): Promise<void> => {
  await send('DELETE', `/v1/sensors/${sensor}`)
  if (given.value?.sensor === sensor) given.value = null
  await loadSensors()
}
