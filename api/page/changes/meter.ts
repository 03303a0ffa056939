import type { PointInfo } from '../answers.js'
import { points, titleOf } from '../points/points.js'

/** A meter as it is called here, and its zone. */
export const meterOf = (point: string, name: string): { title: string; zone: string } => {
  const known: PointInfo | undefined = points.value?.find(({ id }) => id === point)
  return { title: known ? titleOf(known) : name || point, zone: known?.zone ?? 'UTC' }
}
