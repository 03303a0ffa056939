import './compare.css'
import { useEffect, useState } from 'preact/hooks'
import type { Compared } from '../answers.js'
import { startOf } from '../chart/zone.js'
import { amountText, clock } from '../format.js'
import { get } from '../http.js'
import { now } from '../live.js'
import { points } from '../points/points.js'
import { dipsText, listed, worstOf } from './others.js'
import { plain } from './trace.js'

const EVERY_MS = 30_000
const DIPS = 3

/** Both in kWh, however small: they are to be compared. */
const billed = ({ milli, kwh }: { milli: number; kwh: string | null }, unit: string): string =>
  kwh === null ? amountText(milli, unit) : `${plain(kwh)} kWh`

interface Props {
  point: string
  register: string
  unit: string
  zone: string
}

/** What others would bill today from the readings of this meter. Nothing where all agree, or where there is nothing to compare. */
export const LiveOthers = ({ point, register, zone }: Props) => {
  const [compared, setCompared] = useState<Compared | null>(null)
  const counts = points.value
    ?.find(({ id }) => id === point)
    ?.registers.some((each) => each.register === register && each.kind === 'COUNTER')
  useEffect(() => {
    if (!counts) return setCompared(null)
    const stop = new AbortController()
    const look = () => {
      const from = new Date(startOf('day', zone, now.peek())).toISOString()
      get<Compared>('/v1/compare', { point, register, from }, stop.signal).then(setCompared, () => {
        // No reading today, or it failed: nothing is said, and it is asked again.
        if (!stop.signal.aborted) setCompared(null)
      })
    }
    look()
    const timer = setInterval(look, EVERY_MS)
    return () => {
      clearInterval(timer)
      stop.abort()
    }
  }, [point, register, zone, counts])
  const worst = compared && worstOf(compared)
  if (!compared || !worst) return null
  const { ours, dips, unit } = compared
  const time = (at: string) => clock(Date.parse(at), zone, true)
  const setAside = dips.filter(({ suspect }) => suspect !== null)
  const turned = dips.filter(({ suspect }) => suspect === null)
  return (
    <aside class="card live-others" data-testid="live-others">
      <p>
        Today {listed(worst.names)} would bill <b class="theirs">{billed(worst, unit)}</b>. We bill <b>{billed(ours, unit)}</b>
        {ours.tail && ' and say that some is unknown'}.
      </p>
      {setAside.length > 0 && (
        <p class="small muted">
          Why: {dipsText(setAside, time, DIPS)}. Such a reading is set aside here; there, the way back up counts as energy.
        </p>
      )}
      {turned.length > 0 && (
        <p class="small muted">
          Why: the register began again, {dipsText(turned, time, DIPS)}. What passed up to the end of the dial counts here; there it is
          lost, or taken off.
        </p>
      )}
    </aside>
  )
}
