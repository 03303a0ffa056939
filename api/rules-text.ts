/** What each rule of the ledger did, for whoever asks why a figure is what it is (RULES §1). */
const SENTENCES: Record<string, string> = {
  counter: 'The register rose: the energy is the second reading minus the first.',
  curve: 'The source itself says the energy of this span; of several files the best curve, and of that the latest revision, counts.',
  gap: 'Readings are missing in between: the total is exact, how it is spread over the time is estimated.',
  glitch: 'A reading in between was not believable (a blip to zero, or a figure that the next reading took back) and was set aside.',
  rollover: 'The dial passed its end and began again at 0: the rest of the dial and the new figure are added.',
  reset: 'The register was set back: only what it shows since is counted, what passed before the reset is unknown.',
  replacement:
    'Another meter, or a register set by hand: the closing and opening figures of the registry bridge the change; without them what passed is unknown.',
  backwards: 'The register fell and nothing explains it: a new baseline was taken, and what passed in between is unknown.',
  jump: 'The register rose by more than the rated power allows: the jump is held back as unknown until the registry decides.',
  held: 'Readings of one value that were held back while it was undecided what they were: one row from the first to the last.',
  cut: 'A setting changed in the middle of this span, which was cut there; its energy was shared out by time.'
}

/** `gap+rollover` in plain words. A rule that this version does not know is named and left at that. */
export const rulesText = (rule: string): { rule: string; sentence: string }[] =>
  rule
    .split('+')
    .filter((name) => name !== '')
    .map((name) => ({ rule: name, sentence: SENTENCES[name] ?? `Rule "${name}", which this version of the program has no words for.` }))

export const KNOWN_RULES = Object.keys(SENTENCES)
