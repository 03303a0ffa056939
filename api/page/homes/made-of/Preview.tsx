import type { ComponentChildren } from 'preact'
import type { Finding, Planned } from '../../answers.js'
import { day } from '../../format.js'
import { findingText } from './draft.js'
import type { Planning } from './plan.js'
import { Revision } from './Revision.js'
import { mayEnter } from './step.js'

interface Props {
  planning: Planning
  zone: string
  /** Of the buttons. */
  look: string
  enter: string
  /** Nothing can be asked yet. */
  disabled?: boolean
  /** What else was seen. */
  children?(plan: Planned): ComponentChildren
}

/** What a change would do, what is wrong with it, and, once that was seen, the button that does it. */
export const Preview = ({ planning: { step, look: ask, enter: go }, zone, look, enter, disabled = false, children }: Props) => {
  const plan = 'plan' in step ? step.plan : null
  return (
    <div class="stack preview" data-testid="preview">
      {step.is === 'refused' && (
        <p class="notice bad" role="alert">
          {step.message}
        </p>
      )}
      {plan !== null && step.is !== 'entered' && (
        <>
          <Findings findings={plan.findings} />
          <Differences plan={plan} zone={zone} />
        </>
      )}
      {plan !== null && children?.(plan)}
      {(step.is === 'entering' || step.is === 'entered') && <Revision plan={step.plan} isOver={step.is === 'entered'} />}
      {step.is !== 'entering' && step.is !== 'entered' && (
        <div class="row">
          <button
            type="button"
            class={`button ${mayEnter(step) ? '' : 'primary'}`}
            disabled={disabled || step.is === 'looking'}
            onClick={ask}
          >
            {step.is === 'looking' ? 'Looking …' : look}
          </button>
          {mayEnter(step) && (
            <button type="button" class="button primary" onClick={go}>
              {enter}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

const Findings = ({ findings }: { findings: readonly Finding[] }) => {
  if (findings.length === 0) return null
  return (
    <ul class="findings" aria-label="What is wrong, or may be">
      {findings.map((finding) => (
        <li key={`${finding.row} ${finding.column} ${finding.message}`}>
          <span class={`tag ${finding.level === 'error' ? 'bad' : 'warn'}`}>{finding.level}</span>
          <span>
            {finding.row > 0 && (
              <span class="muted">
                {finding.tab}, row {finding.row}
                {finding.column === '' ? '' : `, ${finding.column}`}:{' '}
              </span>
            )}
            {findingText(finding)}
          </span>
        </li>
      ))}
    </ul>
  )
}

const WHAT = { added: 'is new', changed: 'changes', removed: 'has no members any more; what was before stays' }

const Differences = ({ plan: { changes }, zone }: { plan: Planned; zone: string }) => {
  if (changes.length === 0) return <p>Nothing differs from what holds already.</p>
  return (
    <>
      {changes.map(({ installation, validFrom, what, fields }) => (
        <details key={installation} open={changes.length <= 3}>
          <summary>
            <b>{installation}</b> {WHAT[what]} from {day(Date.parse(validFrom), zone)} on
          </summary>
          <div class="scroll-x">
            <table class="table small">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">Before</th>
                  <th scope="col">Then</th>
                </tr>
              </thead>
              <tbody>
                {fields.map(({ field, from, to }) => (
                  <tr key={field}>
                    <td class="field-name">{field}</td>
                    <td>{from || '–'}</td>
                    <td>{to || '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </>
  )
}
