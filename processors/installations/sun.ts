import { getPosition, getTimes } from 'suncalc'

/** Degrees. */
export interface Site {
  latitude: number
  longitude: number
}

/** Lower than this the sun gives nothing that a panel could use: the end of civil twilight. */
const NIGHT_DEGREES = -6

/** Whether it is night at an instant of a local day [start, end), UTC ms. Pure. */
export const nightOf = (start: number, end: number, { latitude, longitude }: Site): ((at: number) => boolean) => {
  const noon = new Date((start + end) / 2)
  const { dawn, dusk } = getTimes(noon, latitude, longitude)
  if (dawn !== null && dusk !== null) return (at) => at < dawn.getTime() || at >= dusk.getTime()
  // Far from the equator it may be night, or not, all day.
  const dark = getPosition(noon, latitude, longitude).altitude < NIGHT_DEGREES
  return () => dark
}
