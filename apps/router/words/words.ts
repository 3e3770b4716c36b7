import type { Reason, ReasonCode, RegistryCode } from '../../shared/preview/failure-reason.ts'

export interface Words {
  heading: string
  sentence: string
  /** `who` is in bold. The first is for who can mend it. */
  advice: { who: string; what: string }[]
  /** What stands beside the button. */
  hint: string
}

export type WordsFor = (tag: string, reason: Reason) => Words

/** Those that Lotan, its registry or its engine is at fault for; the application is for all others. */
export type PullCode =
  | Exclude<RegistryCode, 'bad-image'>
  | 'no-such-tag'
  | 'stalled'
  | 'too-slow'
  | 'disk-full'
  | 'engine-down'
  | 'pull-failed'
  | 'start-failed'
export type ApplicationCode = Exclude<ReasonCode, PullCode>
