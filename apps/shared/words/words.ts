import type { Reason, ReasonCode, RegistryCode } from '../preview/failure-reason.ts'

export interface Words {
  heading: string
  sentence: string
  /** `who` is in bold. The first is for who can mend it. */
  advice: { who: string; what: string }[]
  /** What Lotan does by itself, or what will help. */
  hint: string
  next: NextStep
}

/**
 * The one thing that a visitor may do. `retry`: try once more. `author`: tell who pushed it, since only a new image helps;
 * the first advice is theirs. `operator`: tell who runs Lotan. `wait`: nothing, it passes by itself.
 */
export type NextStep = 'retry' | 'author' | 'operator' | 'wait'

export type WordsFor = (tag: string, reason: Reason) => Words

/** Those that Lotan, its registry or its engine is at fault for; the application is for all others. */
export type PullCode =
  | Exclude<RegistryCode, 'bad-image'>
  | 'no-such-tag'
  | 'copy-lost'
  | 'stalled'
  | 'too-slow'
  | 'disk-full'
  | 'engine-down'
  | 'pull-failed'
  | 'start-failed'
export type ApplicationCode = Exclude<ReasonCode, PullCode>
