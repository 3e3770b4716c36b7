/** Plain text: pages escape it. The engine's and the application's own words are for the admin alone, never here. */
import { shownTag } from '../preview/copy-tag.ts'
import type { Reason, ReasonCode } from '../preview/failure-reason.ts'
import { applicationFailures } from './application-failures.ts'
import { pullFailures } from './pull-failures.ts'
import type { Words, WordsFor } from './words.ts'

const failures: Record<ReasonCode, WordsFor> = { ...applicationFailures, ...pullFailures }

/** @param tag or the id of a preview */
export function failureWords(tag: string, reason: Reason): Words {
  return failures[reason.code](shownTag(tag), reason)
}
