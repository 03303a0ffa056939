import { useEffect, useState } from 'preact/hooks'
import type { Row } from '../../../client/frames.js'
import type { Planned } from '../../answers.js'
import { thousands } from '../../files/words.js'
import { subscribed } from '../../live.js'

/** What was entered, and, while the days that it touches are computed again, how many of them have been told anew. */
export const Revision = ({ plan: { changes }, isOver }: { plan: Planned; isOver: boolean }) => {
  const [days, setDays] = useState<ReadonlySet<string>>(new Set())
  const ids = changes.map(({ installation }) => installation)
  useEffect(() => {
    const isOurs = new Set(ids.map((id) => `installation/${id}`))
    const take = (rows: readonly Row[], snapshot: boolean) => {
      if (snapshot) return
      const told = rows.map(({ k, s }) => ({ point: k.split('|')[0], s })).filter(({ point }) => isOurs.has(point))
      setDays((before) => new Set([...before, ...told.map(({ point, s }) => `${point} ${s}`)]))
    }
    // All of them: one that is new is no installation yet.
    return subscribed({ select: { points: '*', measure: 'power' }, grid: 'P1D', from: 'latest' }, { rows: take })
  }, [ids.join()])
  const told = days.size === 1 ? '1 day' : `${thousands(days.size)} days`
  return (
    <div role="status" data-testid="revision" class={`notice ${isOver ? '' : 'loading'}`}>
      {isOver ? 'Entered' : 'It is entered, and the days that it touches are computed again'}
      {days.size > 0 ? `: ${told} told anew${isOver ? '' : ' so far'}.` : '.'}
    </div>
  )
}
