/** What can be wrong with a forge that answers, or should. */

/**
 * `limited`: asked too often, and it says how long to wait (seconds; a date as it is). `secondary`: too many writes, in the words that the
 * forge has for it, with or without a wait. `spent`: nothing is left of this hour's requests until `resetAt`, milliseconds since
 * 1970. `broken`: 5xx. `silent`: takes the request and never answers. `lost`: does what was asked, and the answer never
 * arrives. `drips`: the answer begins and never ends.
 */
export type Trouble = { only?: (method: string, path: string) => boolean; times?: number } & (
  | { is: 'limited'; status: 403 | 429; retryAfter: number | string }
  | { is: 'secondary'; status: 403 | 429; retryAfter?: number }
  | { is: 'spent'; status: 403 | 429; resetAt: number }
  | { is: 'broken'; status: number }
  | { is: 'silent' }
  | { is: 'lost' }
  | { is: 'drips' }
)
