import type { HomeMember } from '../../answers.js'
import { type DraftMember, type Problem, pointOf, pointText, relabelled } from './draft.js'

/** What people call the fields of a member, and how wide they are at most. */
const TEXTS = [
  { field: 'register', name: 'Register', hint: '1.8.0' },
  { field: 'device', name: 'Device (FlmId)', hint: '' },
  { field: 'startDate', name: 'StartDate', hint: '2022-06-15' }
] as const
/** As the workbook calls the factors. */
export const FACTORS = [
  { field: 'tot', name: 'Network' },
  { field: 'prod', name: 'Prod' },
  { field: 've', name: 'VE' },
  { field: 'cons', name: 'Cons' }
] as const

interface Props {
  member: DraftMember
  /** From 0. */
  row: number
  problems: ReadonlyMap<string, Problem>
  change(member: DraftMember): void
  remove(): void
}

/** Id of the list of points that the ledger knows. */
export const KNOWN_POINTS = 'known-points'

/** A member as it is being written. */
export const MemberFields = ({ member, row, problems, change, remove }: Props) => {
  const problemOf = (field: keyof HomeMember) => problems.get(`${row}.${field}`)
  const said = [...problems].filter(([place]) => place.startsWith(`${row}.`))
  const text = (field: keyof HomeMember) => ({
    class: `field ${problemOf(field)?.level ?? ''}`,
    'aria-invalid': problemOf(field)?.level === 'error',
    'aria-describedby': problemOf(field) ? `member-${member.key}` : undefined
  })
  return (
    <fieldset class="member" data-testid={`member ${row + 1}`}>
      <legend class="small muted">Member {row + 1}</legend>
      <label class="wide">
        <span class="small">Sensor, or point</span>
        <input
          {...text('point')}
          class={`${text('point').class} mono`}
          list={KNOWN_POINTS}
          spellcheck={false}
          maxLength={150}
          value={pointText(member.point)}
          onInput={(event) => change({ ...member, point: pointOf(event.currentTarget.value) })}
        />
      </label>
      <label>
        <span class="small">Function</span>
        <input
          {...text('label')}
          maxLength={200}
          value={member.label}
          onInput={(event) => change(relabelled(member, event.currentTarget.value))}
        />
      </label>
      {TEXTS.map(({ field, name, hint }) => (
        <label key={field}>
          <span class="small">{name}</span>
          <input
            {...text(field)}
            maxLength={64}
            placeholder={hint}
            value={member[field]}
            onInput={(event) => change({ ...member, [field]: event.currentTarget.value.trim() })}
          />
        </label>
      ))}
      {FACTORS.map(({ field, name }) => (
        <label key={field} class="factor">
          <span class="small">{name}</span>
          <select
            {...text(field)}
            value={member[field]}
            onChange={(event) => change({ ...member, [field]: Number(event.currentTarget.value) })}
          >
            <option value={0}>–</option>
            <option value={1}>+1</option>
            <option value={-1}>-1</option>
          </select>
        </label>
      ))}
      <button type="button" class="button quiet" aria-label={`Remove member ${row + 1}`} onClick={remove}>
        Remove
      </button>
      {said.length > 0 && (
        <ul id={`member-${member.key}`} class="small problems">
          {said.map(([place, { level, text: why }]) => (
            <li key={place} class={level}>
              {why}
            </li>
          ))}
        </ul>
      )}
    </fieldset>
  )
}
