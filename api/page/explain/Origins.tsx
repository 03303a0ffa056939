import { moment } from '../format.js'
import { session } from '../session.js'
import type { Explanation } from './answer.js'
import { Section } from './Section.js'
import { type Origin, originsOf } from './told.js'

/** Where the readings come from, down to the line and the bytes. */
export const Origins = ({ explanation }: { explanation: Explanation }) => {
  const origins = originsOf(explanation)
  if (origins.length === 0) return null
  return (
    <Section title="Where it comes from">
      <ul class="stack origins">
        {origins.map((origin) => (
          <OriginItem key={origin.key} origin={origin} zone={explanation.zone} />
        ))}
      </ul>
    </Section>
  )
}

const linesText = ({ firstLine, lastLine }: Origin): string =>
  firstLine === null ? '' : firstLine === lastLine ? `, line ${firstLine}` : `, lines ${firstLine}–${lastLine}`

const OriginItem = ({ origin, zone }: { origin: Origin; zone: string }) => {
  const { source, curve, file, sha256, receivedAt } = origin
  if (source === 'demo') return <li>Made up for the demo.</li>
  return (
    <li>
      <p class="file">
        {file ?? 'A message without a file name'}
        {linesText(origin)}
      </p>
      <p class="muted small">
        {source}
        {curve && ` · ${curve}`}
        {receivedAt && ` · read ${moment(Date.parse(receivedAt), zone)}`}
      </p>
      {sha256 && (
        <p class="muted small">
          SHA-256{' '}
          <code title={sha256}>
            {sha256.slice(0, 12)}…{sha256.slice(-4)}
          </code>{' '}
          {session.value?.role === 'admin' && (
            <a href={`/v1/files/${sha256}`} download>
              Download
            </a>
          )}
        </p>
      )}
    </li>
  )
}
