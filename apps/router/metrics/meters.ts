/** What this router has done since it began. Plain numbers: nothing is loaded, and no timer runs, before somebody asks. */
import type { ProblemName } from '../../shared/api/problems.ts'

/** `held`: the request waited, and went on to the application. `redirect`: it was up meanwhile. Else what was told. */
export type ColdAnswer = 'waiting-page' | 'held' | 'redirect' | 'robots-txt' | ProblemName
/** `login`: led to the login or the password. */
export type GateRefusal = 'login' | 'robots-txt' | ProblemName

/** They are told as zero before the first: a rate of what has only just begun cannot be known. */
const coldKinds = ['waiting-page', 'held', 'starting', 'asleep', 'no-such-tag', 'no-tag', 'not-offered', 'preview-failed', 'crowded', 'dropped'] as const satisfies ColdAnswer[] // prettier-ignore
const gateKinds = ['login', 'pass-needed'] as const satisfies GateRefusal[]

export type Meters = ReturnType<typeof openMeters>

export function openMeters() {
  const coldAnswers = new Map<ColdAnswer, number>(coldKinds.map((kind) => [kind, 0]))
  const gateRefusals = new Map<GateRefusal, number>(gateKinds.map((kind) => [kind, 0]))
  return {
    /** Requests that wait now. */
    held: 0,
    coldAnswers: coldAnswers as ReadonlyMap<ColdAnswer, number>,
    gateRefusals: gateRefusals as ReadonlyMap<GateRefusal, number>,
    noteColdAnswer: (kind: ColdAnswer): void => void coldAnswers.set(kind, (coldAnswers.get(kind) ?? 0) + 1),
    noteGateRefusal: (kind: GateRefusal): void => void gateRefusals.set(kind, (gateRefusals.get(kind) ?? 0) + 1),
  }
}
