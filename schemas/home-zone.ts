import { zoneOfCups } from './cups.js'

/** Zone of a point without a registry row: that of its source (dossiers); Canary supply points by their distributor digits. */
export const homeZone = (point: string): string => {
  if (/^ES\d{16}/.test(point)) return zoneOfCups(point)
  return SOURCES[point.slice(0, Math.max(0, point.indexOf('/')))] ?? 'UTC'
}

const SOURCES: Record<string, string> = {
  infoenergia: 'Europe/Madrid',
  flukso: 'Europe/Brussels',
  rtu: 'Europe/Brussels',
  'flukso-power': 'Europe/Brussels',
  siemens: 'America/Chicago',
  alc: 'America/Chicago',
  lucid: 'America/Chicago',
  pulse: 'Europe/Copenhagen',
  demo: 'Europe/Madrid'
}
