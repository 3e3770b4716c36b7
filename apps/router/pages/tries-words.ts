/** Why a form was not taken. `page`: what is loaded as it opens again, where no script opens it. */
export type Wrong = { triesLeft: number | null } | { opensIn: number; page: string }

export interface Refused {
  words: string
  /** Seconds until the form opens again; null for a form that is open. */
  opensIn: number | null
  page: string
}

/** @param what `token` or `password` */
export function refusedWords(what: string, wrong: Wrong | undefined): Refused | null {
  if (!wrong) return null
  if ('opensIn' in wrong)
    return { words: 'Too many tries. The form opens again in', opensIn: wrong.opensIn, page: wrong.page }
  const { triesLeft } = wrong
  return { words: `That is not the ${what}.${triesLeft === null ? '' : leftWords(triesLeft)}`, opensIn: null, page: '' }
}

export function isShut(refused: Refused | null): boolean {
  return refused !== null && refused.opensIn !== null
}

function leftWords(tries: number): string {
  if (tries === 0) return ' After another wrong one the form is shut for a minute.'
  return tries === 1 ? ' 1 try left.' : ` ${tries} tries left.`
}
