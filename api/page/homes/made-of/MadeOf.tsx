import './made-of.css'
import { useState } from 'preact/hooks'
import type { Home } from '../../answers.js'
import { day } from '../../format.js'
import { hrefOf } from '../../route.js'
import { emptyDraft } from './draft.js'
import { Editor } from './Editor.js'
import { Versions } from './Versions.js'
import { Workbook } from './Workbook.js'

const ZONE = 'Europe/Brussels'

/** For administrators: what installations are made of, one of them or all, and the ways to say otherwise. */
export const MadeOf = ({ all, asked }: { all: readonly Home[]; asked: string | null }) => {
  const home = all.find(({ id }) => id === asked)
  return home?.versions === undefined ? <Overview all={all} /> : <Versions key={home.id} home={home} versions={home.versions} />
}

const Overview = ({ all }: { all: readonly Home[] }) => {
  const [isNew, setNew] = useState(false)
  return (
    <>
      <section class="card stack" data-testid="installations">
        <div class="row spread">
          <h2>Installations</h2>
          <button type="button" class="button" onClick={() => setNew(true)}>
            New installation
          </button>
        </div>
        {all.length === 0 ? <p>None was entered yet: enter one by hand, or all of them with a workbook.</p> : <Table all={all} />}
      </section>
      {isNew && <Editor start={emptyDraft()} zone={ZONE} since={null} close={() => setNew(false)} />}
      <Workbook />
    </>
  )
}

const Table = ({ all }: { all: readonly Home[] }) => (
  <div class="scroll-x">
    <table class="table small">
      <thead>
        <tr>
          <th scope="col">Installation</th>
          <th scope="col">Caption</th>
          <th scope="col" class="num">
            Members
          </th>
          <th scope="col">Since</th>
          <th scope="col" class="num">
            Versions
          </th>
        </tr>
      </thead>
      <tbody>
        {all.map(({ id, name, zone, versions = [] }) => {
          const newest = versions.at(-1)
          return (
            <tr key={id}>
              <td>
                <a href={hrefOf('homes', id, undefined, { view: 'members' })}>{id}</a>
              </td>
              <td>{name}</td>
              <td class="num">{newest?.members.length}</td>
              <td>{newest && day(Date.parse(newest.validFrom), zone)}</td>
              <td class="num">{versions.length}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  </div>
)
