/*
 * What one line of an application's output looks like: its colours, whether it tells of an error, and what is found in
 * it. Pure. The server writes a page's first lines by it, and the page those that come later.
 */

/** Of one line. More would cost the page its pace; the download has all of it. */
export const MOST_CHARACTERS = 4_000

/** What a terminal begins with. */
export const noStyle = Object.freeze({ fg: null, bg: null, flags: '' })

// A control sequence, a title, another escape, or a control character. Tabs stay.
const CONTROL = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0a-\x1f\x7f\x80-\x9f]/gs

/**
 * The runs of one colour in a line, and the style that the next line begins with. What a carriage return writes over is
 * left out, as a terminal does.
 */
export function paint(line, style = noStyle) {
  const whole = line.replace(/[\r\n]+$/, '')
  let runs = []
  let left = MOST_CHARACTERS
  let more = 0
  let at = 0
  const add = (text) => {
    if (text === '') return
    const kept = text.slice(0, left)
    left -= kept.length
    more += text.length - kept.length
    const classes = classesOf(style)
    if (kept !== '' && runs.at(-1)?.classes === classes) runs.at(-1).text += kept
    else if (kept !== '') runs.push({ text: kept, classes })
  }
  for (const { 0: control, 1: parameters, 2: final, index } of whole.matchAll(CONTROL)) {
    add(whole.slice(at, index))
    at = index + control.length
    if (control === '\r') [runs, left, more] = [[], MOST_CHARACTERS, 0]
    if (final === 'm' && /^[\d;:]*$/.test(parameters)) style = styled(style, parameters)
  }
  add(whole.slice(at))
  if (more > 0) runs.push({ text: ` … ${more} characters more`, classes: 'a8' })
  return { runs, style }
}

/** ECMA-48's SGR (8.3.117), and the colours of ITU T.416 as xterm writes them. */
function styled(style, parameters) {
  let { fg, bg, flags } = style
  const codes = parameters.split(';')
  for (let i = 0; i < codes.length; i++) {
    const parts = codes[i].split(':').map(Number)
    const code = parts[0]
    if (code === 0) [fg, bg, flags] = [null, null, '']
    else if (code === 38 || code === 48) {
      const { colour, took } = parts.length > 1 ? { colour: ofParts(parts), took: 0 } : ofCodes(codes, i)
      i += took
      if (code === 38) fg = colour
      else bg = colour
    } else if (code === 4) flags = parts[1] === 0 ? without(flags, 'u') : with_(flags, 'u')
    else if (flagOf[code]) flags = with_(flags, flagOf[code])
    else if (unflagOf[code]) for (const flag of unflagOf[code]) flags = without(flags, flag)
    else if (code === 39) fg = null
    else if (code === 49) bg = null
    else if (code >= 30 && code <= 37) fg = code - 30
    else if (code >= 40 && code <= 47) bg = code - 40
    else if (code >= 90 && code <= 97) fg = code - 82
    else if (code >= 100 && code <= 107) bg = code - 92
  }
  return { fg, bg, flags }
}

const flagOf = { 1: 'b', 2: 'd', 3: 'i', 7: 'r' }
const unflagOf = { 22: 'bd', 23: 'i', 24: 'u', 27: 'r' }
const with_ = (flags, flag) => (flags.includes(flag) ? flags : flags + flag)
const without = (flags, flag) => flags.replace(flag, '')

// 38;5;N and 38;2;R;G;B.
function ofCodes(codes, i) {
  const [kind, ...numbers] = codes.slice(i + 1, i + 5).map(Number)
  if (kind === 5) return { colour: ofPalette(numbers[0] ?? 0), took: 2 }
  return kind === 2 ? { colour: nearest(numbers), took: 4 } : { colour: null, took: 1 }
}

// 38:5:N, 38:2:R:G:B and 38:2:SPACE:R:G:B.
function ofParts([, kind, ...numbers]) {
  if (kind === 5) return ofPalette(numbers[0] ?? 0)
  return kind === 2 ? nearest(numbers.slice(-3)) : null
}

function ofPalette(n) {
  if (!(n >= 0 && n <= 255)) return null
  if (n < 16) return n
  if (n >= 232) return nearest(Array(3).fill(8 + 10 * (n - 232)))
  const level = (k) => (k === 0 ? 0 : 55 + 40 * k)
  return nearest([36, 6, 1].map((step) => level(Math.floor((n - 16) / step) % 6)))
}

// The page has seven colours that are read on its ground, light and dark.
function nearest([r = 0, g = 0, b = 0]) {
  const [max, min] = [Math.max(r, g, b), Math.min(r, g, b)]
  if (!(max - min >= 40)) return max > 60 && max < 190 ? 8 : null
  const sector =
    max === r ? ((g - b) / (max - min) + 6) % 6 : max === g ? (b - r) / (max - min) + 2 : (r - g) / (max - min) + 4
  const degrees = sector * 60
  const upTo = [[20, 1], [70, 3], [165, 2], [200, 6], [260, 4], [340, 5], [361, 1]] // prettier-ignore
  return upTo.find(([end]) => degrees < end)[1]
}

/** `a1` to `a6` and `a8`: letters; `g0` to `g6`: the ground; `ab ai au`: bold, italic, underlined. */
function classesOf({ fg, bg, flags }) {
  const inverse = flags.includes('r')
  const [letters, ground] = inverse ? [null, fg ?? 0] : [fg, bg]
  const colour = ground !== null ? `g${named(ground) ?? 0}` : flags.includes('d') ? 'a8' : letter(letters)
  return [colour, ...['b', 'i', 'u'].filter((flag) => flags.includes(flag)).map((flag) => `a${flag}`)]
    .filter(Boolean)
    .join(' ')
}

const named = (colour) => (colour === null || colour % 8 === 0 || colour % 8 === 7 ? null : colour % 8)
// Black and white are the page's own letters.
const letter = (colour) => (colour === 8 ? 'a8' : named(colour) === null ? '' : `a${named(colour)}`)

export function textOf(runs) {
  return runs.map(({ text }) => text).join('')
}

const level = '(?:error|err|fatal|critical|crit|panic|emerg|alert|severe)'
const methods = '(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)'
// A line may begin with its own time, a process and brackets.
const start = String.raw`^[\s\d[\](){}<>|:.,TZ+/-]*`
const nothing = String.raw`\s*(?:0|none|null|nil|no|false|undefined)\b`
const notAnError = String.raw`(?![\w/.-]|[ -](?:handl|page|report|log|middle|boundar|rate|count)|:${nothing})`

const errors = [
  new RegExp(String.raw`(?<![\w=/.-])(?:ERROR|ERR|FATAL|CRITICAL|CRIT|PANIC|EMERG|SEVERE)(?![\w/.=-])`),
  new RegExp(`${start}${level}${notAnError}`, 'i'),
  new RegExp(String.raw`(?:^|[\s[(])${level}(?:\]|:(?=\s)(?!${nothing}))`, 'i'),
  new RegExp(String.raw`\b(?:level|lvl|severity)=["']?${level}\b`, 'i'),
  new RegExp(String.raw`"(?:level|lvl|severity)":\s*(?:"${level}\w*"|[56]0\b)`, 'i'),
  /\b[A-Z][\w.]*(?:Error|Exception)(?=:|\s*$| in thread)/,
  /^Exception in thread\b|^Traceback \(most recent call last\)|\b[Uu]nhandled (?:promise )?rejection\b|\b[Uu]ncaught \w*(?:[Ee]rror|[Ee]xception)\b/i,
  /\b[Ss]egmentation fault\b|\bout of memory\b|\bcore dumped\b/i,
  /^(?:npm|yarn) (?:ERR!|error)/,
  /^[EF]\d{4} \d\d:\d\d/,
  new RegExp(String.raw`"${methods} \S+ HTTP/[\d.]+" 5\d\d\b`),
  new RegExp(String.raw`\b${methods}\s+/\S*\s+5\d\d\b`),
]

const warnings = [
  /(?<![\w=/.-])WARN(?:ING)?(?![\w/.=-])/,
  new RegExp(String.raw`${start}warn(?:ing)?(?![\w/.-])`, 'i'),
  /(?:^|[\s[(])warn(?:ing)?(?:\]|:(?=\s))/i,
  /\b(?:level|lvl|severity)=["']?warn(?:ing)?\b/i,
  /"(?:level|lvl|severity)":\s*(?:"warn(?:ing)?"|40\b)/i,
  /\b\w*DeprecationWarning\b|\bUserWarning\b/,
  /^npm warn\b/i,
  /^W\d{4} \d\d:\d\d/,
]

// What belongs to the line above it: a frame of a stack, and the like.
const goesOn = /^\s+(?:at\s|File "|\.\.\. \d+ more|[\^~]+\s*$|\S.*:\d+\)?$)|^\s*Caused by:/

/** `err`, `wrn` or nothing. @param before what the line above was */
export function severityOf(text, before = '') {
  const head = text.slice(0, 400)
  if (errors.some((rule) => rule.test(head))) return 'err'
  if (warnings.some((rule) => rule.test(head))) return 'wrn'
  return before && goesOn.test(head) ? before : ''
}

/** The runs, cut where what is looked for begins and ends. Capitals do not count. @returns found: how often */
export function mark(runs, wanted) {
  if (wanted === '') return { runs, found: 0 }
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi')
  const matches = [...textOf(runs).matchAll(pattern)].map(({ 0: text, index }) => [index, index + text.length])
  if (matches.length === 0) return { runs, found: 0 }
  const cut = []
  let start = 0
  for (const { text, classes } of runs) {
    const end = start + text.length
    let at = start
    for (const [from, to] of matches) {
      if (to <= at || from >= end) continue
      if (from > at) cut.push({ text: text.slice(at - start, from - start), classes })
      const [first, last] = [Math.max(from, at), Math.min(to, end)]
      cut.push({ text: text.slice(first - start, last - start), classes, mark: true })
      at = last
    }
    if (at < end) cut.push({ text: text.slice(at - start), classes })
    start = end
  }
  return { runs: cut, found: matches.length }
}

/** The engine writes a line's time before it (RFC 3339, in UTC). @returns time: null where there is none */
export function timed(line) {
  const [, time, text] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)(?: (.*))?$/s.exec(line) ?? []
  return time === undefined
    ? { time: null, text: line }
    : { time: `${time.slice(0, 23).replace('Z', '')}Z`, text: text ?? '' }
}
