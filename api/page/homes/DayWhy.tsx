import { useEffect, useState } from 'preact/hooks'
import { exact } from '../chart/totals.js'
import { moment, qualityText } from '../format.js'
import { get, HttpError } from '../http.js'
import { hrefOf } from '../route.js'
import type { DAY_FIGURES } from './energy.js'
import { kwhText, type MadePart, madeText, memberText, type Why } from './why.js'

interface Props {
  point: string
  zone: string
  figure: (typeof DAY_FIGURES)[number]
  /** Of the day, UTC ms. */
  start: number
}

/** Why a figure of the day is what it is: what each sensor added to it, and what it was before. */
export const DayWhy = ({ point, zone, figure: { register, name }, start }: Props) => {
  const [why, setWhy] = useState<Why | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    get<Why>('/v1/explain', { point, register, at: new Date(start).toISOString(), grid: 'P1D' }, stop.signal)
      .then(setWhy)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return
        const nothing = error instanceof HttpError && error.status === 404
        setProblem(nothing ? 'Nothing is known of this day, so there is nothing to explain.' : (error as Error).message)
      })
    return () => stop.abort()
  }, [point, register, start])
  if (problem !== null) return <p class="notice">{problem}</p>
  if (why === null) return <p class="small muted loading">Asking what it is made of …</p>
  return (
    <section class="stack day-why small" aria-label={`Why this ${name.toLowerCase()}?`} data-testid="day-why">
      <p>
        <strong>
          {name}: {exact(why.sum.milli, 'Wh')}
        </strong>{' '}
        {register === 'p_prod' && <span class="muted">What is produced counts below zero.</span>}
      </p>
      {why.made.map((part) => (
        <Part key={part.from} part={part} zone={zone} />
      ))}
      {why.revisions.length > 1 && (
        <ul>
          {why.revisions.slice(0, -1).map(({ rev, milli, quality }, i) => (
            <li key={rev}>
              Until {moment(Date.parse(why.revisions[i + 1].knownAt), zone)} it was {exact(milli, 'Wh')} ({qualityText(quality)}).
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const Part = ({ part, zone }: { part: MadePart; zone: string }) => (
  <>
    <p class="muted">{madeText(part, zone)}</p>
    <Members part={part} isLeft={part.members.some(({ leftKwh }) => Number(leftKwh) !== 0)} />
  </>
)

/** `isLeft`: some of them counted what is in no figure. */
const Members = ({ part, isLeft }: { part: MadePart; isLeft: boolean }) => (
  <div class="scroll-x">
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Sensor</th>
          <th scope="col" class="num">
            Factor
          </th>
          <th scope="col" class="num">
            Adds
          </th>
          {isLeft && (
            <th scope="col" class="num">
              Left out
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {part.members.map((member) => (
          <tr key={`${member.point} ${member.register}`}>
            <th scope="row">
              <a href={hrefOf('meters', member.point)}>{memberText(member)}</a>
            </th>
            <td class="num">{member.factor}</td>
            <td class="num">{kwhText(member.kwh)}</td>
            {isLeft && <td class="num">{kwhText(member.leftKwh)}</td>}
          </tr>
        ))}
        {part.others && (
          <tr>
            <th scope="row">{part.others.members} that are not open to you</th>
            <td />
            <td class="num">{kwhText(part.others.kwh)}</td>
            {isLeft && <td />}
          </tr>
        )}
      </tbody>
    </table>
  </div>
)
