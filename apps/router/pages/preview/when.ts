import { timeText, type As } from '../../../../views/times.js'

/** A time in this machine's zone, and what the page's script needs to write it in its reader's. */
export interface When {
  datetime: string
  as: As
  text: string
}

export function when(at: number, as: As, now: number): When {
  return { datetime: new Date(at).toISOString(), as, text: timeText(at, as, now) }
}

/** Words in which times stand as the API has them (RFC 3339), with each as people read it. */
export function withTimes(words: string, now: number): (string | When)[] {
  return words
    .split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)/)
    .map((part, i) => (i % 2 === 1 && !Number.isNaN(Date.parse(part)) ? when(Date.parse(part), 'moment', now) : part))
    .filter((part) => part !== '')
}
