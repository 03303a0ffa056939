import { useEffect, useState } from 'preact/hooks'
import type { Compared } from '../answers.js'
import { amountText } from '../format.js'
import { get } from '../http.js'
import { sentencesOf } from './bills.js'

interface Props {
  point: string
  register: string
  /** ISO 8601. */
  from: string
  to: string
}

/** What other programs make of the same readings, where it differs. Nothing when it cannot be told. */
export const Others = ({ point, register, from, to }: Props) => {
  const [compared, setCompared] = useState<Compared | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    get<Compared>('/v1/compare', { point, register, from, to }, stop.signal).then(setCompared, () => {
      // A remark beside the figure; the figure stands without it.
      if (!stop.signal.aborted) setCompared(null)
    })
    return () => stop.abort()
  }, [point, register, from, to])
  const sentences = compared ? sentencesOf(compared) : []
  if (!compared || sentences.length === 0) return null
  return (
    <p class="notice others">
      {sentences.join(' ')} We bill {compared.ours.tail ? 'at least ' : ''}
      <b>{amountText(compared.ours.milli, compared.unit)}</b>.
    </p>
  )
}
