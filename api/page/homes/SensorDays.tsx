import '../gaps/gaps.css'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { MemberDays } from '../answers.js'
import { thousands } from '../files/words.js'
import { moment, percent } from '../format.js'
import { Calendar, curveOfDay } from '../gaps/Calendar.js'
import { MonthChoice } from '../gaps/Gaps.js'
import { datesOf, dateText, type Month, monthOf, monthText, startOf } from '../gaps/month.js'
import { missingText, shareText } from '../gaps/words.js'
import { get } from '../http.js'
import { now } from '../live.js'
import { points } from '../points/points.js'
import { hrefOf, look, route } from '../route.js'
import { memberName, membersText } from './words.js'

type Member = MemberDays['members'][number]

/** All sensors of a hundred homes; whoever has more looks at one installation. */
const MOST_ROWS = 500
/** More than can be seen at one look: then only those that miss something. */
const MANY_ROWS = 40

const answer = signal<{ key: string; told: MemberDays } | null>(null)
const problem = signal<string | null>(null)

/** A day that was pressed; apart from the calendar, whose thousands of cells are not drawn again for it. */
const picked = signal<{ member: Member; date: string } | null>(null)

const keyOf = (month: Month, installation: string | null): string => `${month} ${installation ?? ''}`

const load = async (month: Month, installation: string | null, stop: AbortSignal): Promise<void> => {
  try {
    const query = { ...datesOf(month), installation: installation ?? undefined, limit: MOST_ROWS }
    const told = await get<MemberDays>('/v1/installations/completeness', query, stop)
    answer.value = { key: keyOf(month, installation), told }
    problem.value = null
  } catch (error) {
    if (!stop.aborted) problem.value = (error as Error).message
  }
}

/** For administrators: which days of the sensors of an installation, or of all, are missing; a month at a time. */
export const SensorDays = ({ installation }: { installation: string | null }) => {
  const month = monthOf(route.value.params.get('month'), points.value ?? [], now.peek())
  const key = keyOf(month, installation)
  useEffect(() => {
    const stop = new AbortController()
    void load(month, installation, stop.signal)
    return () => {
      stop.abort()
      picked.value = null
    }
  }, [key])
  const told = answer.value?.key === key ? answer.value.told : null
  return (
    <section class="stack gaps" data-testid="sensor-days" aria-label="Days that are missing">
      <h2>Days that are missing</h2>
      {problem.value !== null && (
        <p class="notice bad" role="alert">
          {problem.value}
        </p>
      )}
      <Told told={told} month={month} />
      {told !== null && <Picked days={told.days} />}
    </section>
  )
}

const Told = ({ told, month }: { told: MemberDays | null; month: Month }) => {
  const show = route.value.params.get('show')
  const onlyMissing = show === null ? (told?.members.length ?? 0) > MANY_ROWS : show === 'incomplete'
  const members = told?.members.filter(({ missingMs }) => !onlyMissing || missingMs > 0) ?? []
  return (
    <>
      <div class="row spread">
        <MonthChoice month={month} />
        <fieldset class="choices" aria-label="Which sensors">
          <button type="button" aria-pressed={onlyMissing} onClick={() => look({ show: 'incomplete' })}>
            Incomplete
          </button>
          <button type="button" aria-pressed={!onlyMissing} onClick={() => look({ show: 'all' })}>
            All
          </button>
        </fieldset>
      </div>
      {told === null && problem.value === null && <p class="empty loading">Looking through the days …</p>}
      {told !== null && <p aria-live="polite">{membersText(told.totals, monthText(month))}</p>}
      {told !== null && members.length > 0 && (
        <Calendar
          days={told.days}
          rows={members}
          what="Sensor"
          caption="Days of each sensor, those that miss most first."
          head={(member) => <Head member={member} from={told.days[0]} />}
          pick={(member, date) => {
            picked.value = { member, date }
          }}
        />
      )}
      {told?.more && <p class="notice">Only the {thousands(told.members.length)} that miss most are shown: choose an installation.</p>}
    </>
  )
}

const Head = ({ member, from }: { member: Member; from: string }) => {
  const { point, register, device, zone, installations, completeness } = member
  const month = hrefOf('meters', point, register, { span: 'month', at: startOf(from, zone) })
  return (
    <div class="named">
      <a href={month} title={`${point}${device === '' ? '' : `, device ${device}`}`}>
        {memberName(member)}
      </a>
      <span class="muted" title={installations.join(', ')}>
        {installations[0]}
        <span class="in-short"> · {percent(completeness)}</span>
      </span>
    </div>
  )
}

/** A day in numbers. */
const Picked = ({ days }: { days: readonly string[] }) => {
  if (picked.value === null) return null
  const { member, date } = picked.value
  const { zone, last, installations } = member
  const close = () => {
    picked.value = null
  }
  return (
    <div class="card picked" role="status" data-testid="picked-day">
      <div class="row spread">
        <b>
          {memberName(member)} of {installations[0]}
        </b>
        <button type="button" class="button quiet" onClick={close}>
          Close
        </button>
      </div>
      <p>
        {dateText(date)}: {shareText(member.days[days.indexOf(date)] ?? 0)}. Of the month {missingText(member)}.{' '}
        <a href={curveOfDay(member, date)}>Load curve of the day</a>
      </p>
      <p class="muted small">
        {last === null ? 'Nothing ever came of it.' : `Its newest reading is of ${moment(Date.parse(last), zone, false)}.`}{' '}
        <span class="mono">{member.point}</span>
      </p>
    </div>
  )
}
