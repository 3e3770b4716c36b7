// The page of one preview: its log as it is written, times in the reader's zone, and what is folded stays open.
import { mark, noStyle, paint, severityOf, textOf, timed } from './log-lines.js'
import { countdown, timeText } from './times.js'

const MOST = 2000 // lines on the page
const MOST_A_FRAME = 250
const EVERY = 100 // milliseconds from one writing to the next: more than the eye follows, and leaves the page its time
const AGAIN = 3000 // milliseconds after the stream broke

const byId = (id) => document.getElementById(id)
const panel = byId('output')
const log = byId('lines')
const [follow, pause, q] = ['follow', 'pause', 'q'].map(byId)

// --- Times and folds ---

function localise(root) {
  const now = Date.now()
  for (const time of root.querySelectorAll('time[data-as]'))
    time.textContent = timeText(Date.parse(time.dateTime), time.dataset.as, now)
}

function tick(root) {
  for (const left of root.querySelectorAll('[data-until]')) {
    const text = countdown(Date.parse(left.dataset.until) - Date.now())
    if (left.textContent !== text) left.textContent = text
  }
}

// What is open stays open, and what is shut stays shut. A part with an open menu, or a button that says Copied, is left as it is until it is shut.
function keep(fresh) {
  for (const details of document.querySelectorAll('details[id]')) {
    const next = fresh.getElementById(details.id)
    if (next) next.open = details.open
  }
  for (const busy of document.querySelectorAll('[data-live] :is(.menu[open], [data-copied])'))
    fresh.getElementById(busy.closest('[data-live]').id)?.removeAttribute('id')
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
byId('zone').textContent = `Times are in ${zone}, yours.`
localise(document)
tick(document)
setInterval(() => tick(document), 1000)
// This script reads the log by itself.
const { read: readPage } = globalThis.lotan
const of = panel.dataset.service ? `&service=${panel.dataset.service}` : ''
globalThis.lotan.read = (page) => readPage(`${page}?log=0${of}`)
globalThis.lotan.before = (fresh) => {
  localise(fresh)
  tick(fresh)
  keep(fresh)
}

// --- Menus: Escape closes them, and so does a click beside them ---

const openMenus = () => document.querySelectorAll('details.menu[open]')
addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return
  for (const menu of openMenus()) {
    menu.open = false
    menu.querySelector('summary').focus()
  }
})
addEventListener('click', ({ target }) => {
  for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false
})

// --- The log ---

let style = noStyle
let before = ''
let wanted = ''
let isFirst = true // nothing of the stream is on the page yet
let shownRun = byId('run').dataset.run // whose lines they are
let standing = [] // lines that stood there as the stream began, and that it has not told of again
let hasEarlier = false
let skipped = 0
let errors = 0
let waiting = [] // lines that are not on the page yet
let frame = 0
let current = null // the line that Next has come to

const lines = () => log.querySelectorAll(':scope > span:not(.cut-here)')

/** As the server writes one (partials/preview/log.ejs), attribute for attribute. */
function lineOf(raw) {
  const { time, text } = timed(raw)
  const painted = paint(text, style)
  style = painted.style
  before = severityOf(textOf(painted.runs), before)
  const line = document.createElement('span')
  if (before) line.className = before
  line.runs = painted.runs
  line.time = time
  write(line)
  if (before === 'err') errors++
  return line
}

function write(line) {
  const parts = []
  if (line.time) {
    const time = document.createElement('time')
    time.dateTime = line.time
    time.dataset.as = 'milli'
    time.textContent = timeText(Date.parse(line.time), 'milli')
    parts.push(time)
  }
  const { runs, found } = mark(line.runs, wanted)
  for (const run of runs) {
    if (!run.mark && !run.classes) parts.push(run.text)
    else {
      const part = document.createElement(run.mark ? 'mark' : 'span')
      part.className = run.classes
      part.textContent = run.text
      parts.push(part)
    }
  }
  line.replaceChildren(...parts, '\n')
  line.normalize() // the server's texts are whole
  line.toggleAttribute('data-found', found > 0)
}

function take(raw) {
  waiting.push(raw)
  // Twice as many wait at most, and then the oldest go together: each by itself would cost more than it is worth.
  if (waiting.length > 2 * MOST) {
    skipped += waiting.length - MOST
    waiting = waiting.slice(-MOST)
  }
  soon()
}

let shownAt = 0
function soon() {
  if (!frame) frame = requestAnimationFrame(show)
}

function show(at) {
  frame = 0
  if (at - shownAt < EVERY) return soon()
  shownAt = at
  if (pause.checked) {
    byId('held').textContent = waiting.length ? ` ${waiting.length}` : ''
    return
  }
  byId('held').textContent = ''
  if (isFirst) begin()
  for (const raw of waiting.splice(0, MOST_A_FRAME)) place(lineOf(raw))
  trim()
  tell()
  if (follow.checked) toEnd()
  if (waiting.length) soon()
}

// The stream tells once more of lines that stand there. They stay, with what a reader has marked in them.
function begin() {
  if (shownRun !== run()) log.replaceChildren()
  shownRun = run()
  standing = [...lines()]
  errors = 0
  isFirst = false
}

function place(line) {
  const timeIn = (element) => element.querySelector('time')?.dateTime ?? ''
  while (standing.length > 0 && timeIn(standing[0]) < (line.time ?? '')) standing.shift().remove()
  if (standing[0]?.isEqualNode(line)) Object.assign(standing.shift(), { runs: line.runs, time: line.time })
  else log.insertBefore(line, standing[0] ?? null)
}

// A reader's place stays where the oldest lines go.
function trim() {
  const all = lines()
  const tooMany = all.length - MOST
  if (tooMany > 0) {
    // To ask for a height costs a layout of all lines.
    const height = follow.checked ? 0 : log.scrollHeight
    for (const line of [...all].slice(0, tooMany)) {
      if (line.className === 'err') errors--
      line.remove()
    }
    hasEarlier = true
    if (!follow.checked) log.scrollTop -= height - log.scrollHeight
  }
  const note = log.querySelector('.cut-here')
  if (hasEarlier && !note) {
    const span = document.createElement('span')
    span.className = 'cut-here'
    span.textContent = 'Earlier lines: download for all of it\n'
    log.prepend(span)
  }
}

function tell() {
  const shown = lines().length
  byId('nothing').textContent = shown ? '' : byId('nothing').textContent
  byId('count').textContent = `${shown} lines`
  byId('errors').textContent = errors > 0 ? `${errors} lines with errors` : ''
  byId('skipped').textContent =
    skipped > 0 ? `${skipped} lines were skipped: they came faster than a page shows. The download has them.` : ''
  countFound()
}

let scrolledTo = 0
function toEnd() {
  log.scrollTop = log.scrollHeight
  scrolledTo = log.scrollTop
}

log.addEventListener('scroll', () => {
  const isAtEnd = log.scrollHeight - log.clientHeight - log.scrollTop < 8
  if (isAtEnd) follow.checked = true
  else if (log.scrollTop < scrolledTo) follow.checked = false
  scrolledTo = log.scrollTop
})
follow.addEventListener('change', () => follow.checked && toEnd())
pause.addEventListener('change', soon)

// --- Find ---

function countFound() {
  byId('found').textContent = wanted ? `${log.querySelectorAll('[data-found]').length} of ${lines().length} lines` : ''
}

function find() {
  wanted = q.value
  if (isFirst) return
  current?.classList.remove('current')
  current = null
  for (const line of lines()) write(line)
  countFound()
  byId('found-status').textContent = wanted ? `${byId('found').textContent} have it` : ''
}

function next(step) {
  const found = [...log.querySelectorAll('[data-found]')]
  if (found.length === 0) return
  const at = current ? found.indexOf(current) : -1
  current?.classList.remove('current')
  current = found[(at + step + found.length + (at < 0 && step < 0 ? 1 : 0)) % found.length]
  current.classList.add('current')
  follow.checked = false
  current.scrollIntoView({ block: 'center', inline: 'nearest' })
  byId('found-status').textContent = `${found.indexOf(current) + 1} of ${found.length}: ${textOf(current.runs)}`
}

let typing
q.addEventListener('input', () => {
  clearTimeout(typing)
  typing = setTimeout(find, 150)
})
q.form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (wanted !== q.value) find()
  next(1)
})
q.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.shiftKey) return
  event.preventDefault()
  next(-1)
})
byId('found-next').addEventListener('click', () => next(1))
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(input|select|textarea)$/i.test(event.target.tagName))
    return
  event.preventDefault()
  q.focus()
})

// --- The stream ---

let streaming = false
let streamed = '' // the run of the container whose output was read to its end
const run = () => byId('run').dataset.run

function say(text, isLive) {
  byId('stream').textContent = text
  byId('stream').classList.toggle('live', isLive)
}

async function stream() {
  if (streaming) return
  if (!run()) return say('', false)
  if (run() === streamed) return
  streaming = true
  const ofRun = run()
  try {
    const response = await fetch(`${panel.dataset.logs}?follow=1&timestamps=1&tail=${MOST}${of}`, { cache: 'no-store' })
    if (!response.ok) throw new Error(String(response.status))
    panel.classList.remove('empty')
    ;[waiting, isFirst, style, before, hasEarlier, skipped] = [[], true, noStyle, '', false, 0]
    say('Live', true)
    await read(response.body)
    streamed = ofRun
    say('Ended', false)
  } catch {
    say('Reconnecting', false)
    setTimeout(stream, AGAIN)
  } finally {
    streaming = false
  }
}

async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let count = 0
  for (;;) {
    const { value, done } = await reader.read()
    const pieces = (rest + (value ?? '')).split('\n')
    rest = done ? '' : pieces.pop()
    count += pieces.length
    if (count >= MOST) hasEarlier = true
    for (const piece of pieces) if (!done || piece) take(piece)
    if (done) return
  }
}

wanted = q.value
log.scrollTop = log.scrollHeight
scrolledTo = log.scrollTop
stream()
// A start, or another container: the live part of the page says so.
new MutationObserver(stream).observe(panel, { childList: true, subtree: false })
