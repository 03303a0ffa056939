import type { Explanation } from './answer.js'
import { openOf } from './told.js'

/** The figures as the ledger keeps them, for whoever checks them. */
export const Exact = ({ explanation, quality, known }: { explanation: Explanation; quality: string; known(at: string): string }) => {
  const { start, end, sum, unit, count, figure } = explanation
  const intervals = openOf(explanation)
  const newest = intervals.reduce<(typeof intervals)[number] | null>((last, each) => (last && last.rev > each.rev ? last : each), null)
  return (
    <details class="exact small">
      <summary>Exact figures</summary>
      <dl>
        <dt>From</dt>
        <dd class="mono">{start}</dd>
        <dt>To, excluded</dt>
        <dd class="mono">{end}</dd>
        <dt>Amount</dt>
        <dd class="mono">
          {sum.milli} m{unit}
        </dd>
        <dt>Intervals</dt>
        <dd class="mono">{count}</dd>
        <dt>Quality</dt>
        <dd>{quality}</dd>
        {figure && (
          <>
            <dt>Covered</dt>
            <dd class="mono">{figure.coveredMs} ms</dd>
          </>
        )}
        {newest && (
          <>
            <dt>Revision</dt>
            <dd class="mono">{newest.rev}</dd>
            <dt>Known since</dt>
            <dd>{known(newest.knownAt)}</dd>
            <dt>Rules, version</dt>
            <dd class="mono">{newest.ruleVersion}</dd>
            <dt>Registry</dt>
            <dd>
              {newest.settings.registered ? `version valid from ${newest.settings.validFrom ?? 'the beginning'}` : 'no entry, defaults'}
            </dd>
          </>
        )}
      </dl>
    </details>
  )
}
