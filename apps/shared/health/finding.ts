/** What `lotan doctor` and the System page say of one fact, in the same words. */
export interface Finding {
  check: string
  level: 'ok' | 'warning' | 'failure'
  says: string
  /** What to do about it. */
  advice?: string
}

type Say = (says: string, advice?: string) => Finding

/** The findings of one check. */
export function findings(check: string): { ok: Say; warning: Say; failure: Say } {
  const at =
    (level: Finding['level']): Say =>
    (says, advice) => ({ check, level, says, ...(advice !== undefined && { advice }) })
  return { ok: at('ok'), warning: at('warning'), failure: at('failure') }
}
