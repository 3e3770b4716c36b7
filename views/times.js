/*
 * Times as people read them, in the zone of whoever runs this: the server, which names its zone beside them, and then
 * the page, which writes them anew in its reader's. Pure. All times are milliseconds since 1970.
 */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** @param as `moment`: today 13:11; `clock`: 13:11; `second`: 13:11:40; `milli`: 13:11:40.120 */
export function timeText(at, as, now) {
  const time = new Date(at).toTimeString()
  if (as === 'clock') return time.slice(0, 5)
  if (as === 'second') return time.slice(0, 8)
  if (as === 'milli') return `${time.slice(0, 8)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
  return `${dayOf(at, now)} ${time.slice(0, 5)}`
}

function dayOf(at, now) {
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY)
  const named = { '-1': 'tomorrow', 0: 'today', 1: 'yesterday' }[days]
  if (named) return named
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' }
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...year })
}

/** `in 9 min`, `in 1 min 40 s`, `now`. Above two minutes it is rounded, and so changes once a minute. */
export function countdown(ms) {
  if (ms <= 0) return 'now'
  if (ms < 2 * MINUTE) return `in ${two(ms + 999, MINUTE, 'min', 1_000, 's')}`
  const rounded = Math.round(ms / MINUTE) * MINUTE
  if (rounded < HOUR) return `in ${rounded / MINUTE}\u00a0min`
  return rounded < DAY ? `in ${two(rounded, HOUR, 'h', MINUTE, 'min')}` : `in ${two(rounded, DAY, 'd', HOUR, 'h')}`
}

function two(ms, large, first, small, second) {
  const [whole, rest] = [Math.floor(ms / large), Math.floor((ms % large) / small)]
  const of = (n, unit) => (n ? [`${n}\u00a0${unit}`] : [])
  return [...of(whole, first), ...of(rest, second)].join('\u00a0')
}
