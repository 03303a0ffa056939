import { useState } from 'preact/hooks'
import type { Reject, RejectExample, UploadSummary } from '../answers.js'
import { get } from '../http.js'
import { RejectTable } from './RejectTable.js'
import { reasonText, thousands } from './words.js'

/** What was rejected in one file, by reason, with examples; all of it when asked for. */
export const Rejected = ({ summary: { origin, rejects } }: { summary: UploadSummary }) => (
  <div class="stack rejected" data-testid="rejected">
    {rejects.map(({ reason, count, examples }) => (
      <OfReason key={reason} origin={origin} reason={reason} count={count} examples={examples} />
    ))}
  </div>
)

const MOST = 1000

const OfReason = ({ origin, reason, count, examples }: UploadSummary['rejects'][number] & { origin: string }) => {
  const [lines, setLines] = useState<readonly RejectExample[]>(examples)
  const [problem, setProblem] = useState<string | null>(null)
  const showAll = async () => {
    try {
      const { rejects } = await get<{ rejects: Reject[] }>('/v1/rejects', { origin, reason, limit: MOST })
      setLines(rejects.sort((a, b) => a.line - b.line))
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <section>
      <h3>
        {reasonText(reason)} <span class="count">{thousands(count)}</span>
      </h3>
      <RejectTable lines={lines} />
      {count > lines.length && lines.length < MOST && (
        <button type="button" class="button quiet" onClick={() => void showAll()}>
          Show all {thousands(Math.min(count, MOST))}
        </button>
      )}
      {problem !== null && <p class="small problem">{problem}</p>}
    </section>
  )
}
