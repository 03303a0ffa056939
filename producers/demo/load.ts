import { wallOf } from '../../schemas/zone.js'

/**
 * What the made-up homes draw and their roofs give: whole watts for every minute of all time, and nothing but the minute decides them.
 * So whoever stops and starts the demo finds the same street.
 */
export type Watts = (minute: number) => number

export const MINUTE_MS = 60_000
const MINUTES_A_DAY = 1440
export const ZONE = 'Europe/Madrid'
const LATITUDE = (40.4 * Math.PI) / 180
const LONGITUDE_DEGREES = -3.7
/** Tilt of the earth's axis. */
const TILT = (23.44 * Math.PI) / 180

/** In [0, 1), looks random; the multipliers are those of MurmurHash3's last step. */
export const noise = (seed: number, n: number): number => {
  let bits = Math.imul(seed, 0x9e3779b1) ^ Math.imul(n, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
}

/** Minutes since local midnight. */
const minuteOfDay = (minute: number): number => Math.floor(wallOf(ZONE, minute * MINUTE_MS) / MINUTE_MS) % MINUTES_A_DAY

/** Chance that somebody boils water in these three minutes. */
const kettleChance = (hour: number): number => {
  if (hour < 6) return 0
  return (hour >= 7 && hour < 10) || (hour >= 20 && hour < 22) ? 0.12 : 0.03
}

/** Lights, stove and television: from 18:00, most at 21:00, over at midnight. */
const evening = (hour: number): number => (hour < 18 ? 0 : Math.sin(((hour - 18) / 6) * Math.PI))

/** Things that are always on, a fridge that comes and goes, a kettle, the evening. */
export const household =
  (seed: number): Watts =>
  (minute) => {
    const hour = minuteOfDay(minute) / 60
    const base = 90 + 50 * noise(seed, Math.floor(minute / 7)) + 8 * noise(seed + 1, minute)
    const fridge = (minute + seed * 11) % 42 < 16 ? 95 : 0
    const boiling = noise(seed + 2, Math.floor(minute / 3)) < kettleChance(hour) ? 2050 : 0
    const atHome = 700 * evening(hour) * (0.6 + 0.4 * noise(seed + 3, Math.floor(minute / 12)))
    return Math.round(base + fridge + boiling + atHome)
  }

/** Sine of the sun's height over Madrid; below 0 it is night. */
const sunHeight = (minute: number): number => {
  const day = minute / MINUTES_A_DAY
  const declination = -TILT * Math.cos((2 * Math.PI * (day + 10)) / 365.2425)
  const hourAngle = 2 * Math.PI * ((day % 1) - 0.5 + LONGITUDE_DEGREES / 360)
  return Math.sin(LATITUDE) * Math.sin(declination) + Math.cos(LATITUDE) * Math.cos(declination) * Math.cos(hourAngle)
}

/** A roof of `peakWatts` under clouds that pass; some days are grey. */
export const roof =
  (seed: number, peakWatts: number): Watts =>
  (minute) => {
    const height = sunHeight(minute)
    if (height <= 0) return 0
    const sky = 0.35 + 0.65 * noise(seed, Math.floor(minute / MINUTES_A_DAY))
    const cloud = noise(seed + 1, Math.floor(minute / 6)) < 0.3 ? 0.3 + 0.3 * noise(seed + 2, minute) : 1
    return Math.round(peakWatts * height * sky * cloud)
  }
