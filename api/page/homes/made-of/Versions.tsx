import { useState } from 'preact/hooks'
import type { Home, HomeVersion } from '../../answers.js'
import { day } from '../../format.js'
import { now } from '../../live.js'
import { hrefOf } from '../../route.js'
import { todayIn } from '../day.js'
import { draftOf, pointText } from './draft.js'
import { Editor } from './Editor.js'
import { EndIt, TakeBack } from './Ending.js'
import { FACTORS } from './MemberFields.js'

/** What is being done about a version; the version as it was when it began. */
type Doing = { what: 'change' | 'end' | 'take-back'; version: HomeVersion } | null

/** What an installation is made of, version by version, and what can be done about it. */
export const Versions = ({ home, versions }: { home: Home; versions: readonly HomeVersion[] }) => {
  const [chosen, choose] = useState<string | null>(null)
  const [doing, setDoing] = useState<Doing>(null)
  const version = versions.find(({ validFrom }) => validFrom === chosen) ?? versions[versions.length - 1]
  const { zone } = home
  const close = () => setDoing(null)
  return (
    <>
      <section class="card stack" data-testid="made-of">
        <div class="row spread">
          <h2>
            {home.id} {version.name !== '' && <span class="muted">{version.name}</span>}
          </h2>
          <label class="row small">
            Version
            <select class="field home-choice" value={version.validFrom} onChange={(event) => choose(event.currentTarget.value)}>
              {[...versions].reverse().map((each) => (
                <option key={each.validFrom} value={each.validFrom}>
                  from {day(Date.parse(each.validFrom), zone)} {spanText(each, versions, now.value)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Members version={version} />
        <p class="muted small">
          Zone {zone}
          {version.latitude !== null && `; ${version.latitude}° N, ${version.longitude}° E`}
        </p>
        <div class="row">
          <button type="button" class="button" onClick={() => setDoing({ what: 'change', version })}>
            Change
          </button>
          <button type="button" class="button quiet" onClick={() => setDoing({ what: 'take-back', version })}>
            Take this version back
          </button>
          <button type="button" class="button quiet" onClick={() => setDoing({ what: 'end', version })}>
            End it
          </button>
        </div>
      </section>
      {doing !== null && <Doings key={`${doing.what} ${doing.version.validFrom}`} home={home} {...doing} close={close} />}
    </>
  )
}

const Doings = ({ home, what, version, close }: NonNullable<Doing> & { home: Home; close(): void }) => {
  const { zone } = home
  if (what === 'end') return <EndIt home={home} close={close} />
  if (what === 'take-back') return <TakeBack home={home} validFrom={version.validFrom} close={close} />
  return <Editor start={draftOf(home, version)} zone={zone} since={todayIn(zone, Date.parse(version.validFrom))} close={close} />
}

const spanText = ({ validFrom }: HomeVersion, versions: readonly HomeVersion[], at: number): string => {
  const holding = versions.findLast((each) => Date.parse(each.validFrom) <= at)
  return holding?.validFrom === validFrom ? '(holds now)' : Date.parse(validFrom) > at ? '(to come)' : ''
}

const Members = ({ version: { members } }: { version: HomeVersion }) => {
  if (members.length === 0) return <p>It has no members from then on.</p>
  return (
    <div class="scroll-x">
      <table class="table small">
        <thead>
          <tr>
            <th scope="col">Function</th>
            <th scope="col">Sensor, or point</th>
            <th scope="col">Register</th>
            {FACTORS.map(({ field, name }) => (
              <th key={field} scope="col" class="num">
                {name}
              </th>
            ))}
            <th scope="col">FlmId</th>
            <th scope="col">StartDate</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={`${member.point} ${member.register}`}>
              <td>{member.label}</td>
              <td>
                <a class="mono" href={hrefOf('meters', member.point, member.register)}>
                  {pointText(member.point)}
                </a>
              </td>
              <td>{member.register}</td>
              {FACTORS.map(({ field }) => (
                <td key={field} class="num">
                  {member[field] === 0 ? '' : member[field] > 0 ? `+${member[field]}` : member[field]}
                </td>
              ))}
              <td>{member.device}</td>
              <td>{member.startDate}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
