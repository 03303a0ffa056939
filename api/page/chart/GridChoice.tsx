import { GRID_NAMES, type Grid } from './grid.js'

interface Props {
  grid: Grid
  offered: readonly Grid[]
  choose(grid: Grid): void
}

/** How finely the range is cut. */
export const GridChoice = ({ grid, offered, choose }: Props) => (
  <fieldset class="choices grids" aria-label="How finely" data-testid="grid-choice">
    {offered.map((each) => (
      <button key={each} type="button" aria-pressed={each === grid} onClick={() => choose(each)}>
        {GRID_NAMES[each]}
      </button>
    ))}
  </fieldset>
)
