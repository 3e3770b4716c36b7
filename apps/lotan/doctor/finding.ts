export interface Finding {
  check: string
  level: 'ok' | 'warning' | 'failure'
  says: string
  /** What to do about it. */
  todo?: string
}

type Say = (says: string, todo?: string) => Finding

/** The findings of one check. */
export function findings(check: string): { ok: Say; warning: Say; failure: Say } {
  const at =
    (level: Finding['level']): Say =>
    (says, todo) => ({ check, level, says, ...(todo !== undefined && { todo }) })
  return { ok: at('ok'), warning: at('warning'), failure: at('failure') }
}
