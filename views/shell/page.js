// The page of a shell: what it says, and its buttons.
import { problems } from '../../apps/shared/api/problems.ts'
import { openConnection } from './connection.js'
import { openTerminal } from './terminal.js'
import './shell.css' // after xterm's own, which terminal.js brings
import { brokenWords, endWords, lostWords } from './words.js'

const READ = 5000 // milliseconds
const READER = 'lotan-shell-reader' // of local storage

const byId = (id) => document.getElementById(id)
const { tickets, exec, service, preview, idle } = byId('shell').dataset
const [standing, notices, end, again, reader] = ['standing', 'notices', 'end', 'again', 'reader'].map(byId)

let connection
const terminal = openTerminal(byId('terminal'), {
  label: `Terminal, ${byId('shell').dataset.name}`,
  describedBy: 'keys-help',
  on: {
    typed(bytes) {
      connection?.send(bytes)
      forget(READ)
    },
    resized: (size) => connection?.resize(size),
    left: () => reader.focus(),
  },
})

// --- The session ---

function begin() {
  end.hidden = true
  notices.replaceChildren()
  terminal.reset()
  say('Connecting')
  connection = openConnection({ tickets, exec, service, sizeOf: terminal.size, told })
  terminal.focus()
}

const told = {
  bytes: terminal.write,
  progress: (line) => say(line),
  open(isSame) {
    say(isSame ? 'Connected again, to the same shell' : 'Connected', true)
    terminal.listen(true)
    // It may have another size by now.
    connection.resize(terminal.size())
  },
  broken(how) {
    terminal.listen(false)
    say(brokenWords(how))
  },
  notice(line) {
    const said = document.createElement('p')
    said.textContent = line
    said.dataset.at = Date.now()
    notices.append(said)
  },
  over(why) {
    terminal.listen(false)
    forget(0)
    say('Not connected')
    byId('end-says').textContent = overWords(why)
    const problem = problems[why.refused?.problem]
    byId('end-remedy').textContent = problem && why.refused.problem !== 'login-needed' ? problem.remedy : ''
    end.hidden = false
  },
}

function overWords({ end, refused }) {
  if (end) return endWords(end, { idle, preview })
  if (!refused) return lostWords
  if (refused.problem === 'login-needed') return 'Your login has ended. Load this page again to log in.'
  return refused.detail
}

function say(text, isOpen = false) {
  if (standing.textContent !== text) standing.textContent = text
  standing.classList.toggle('live', isOpen)
}

// A notice that stood for so long was read: who types goes on.
function forget(after) {
  for (const said of [...notices.children]) if (Date.now() - said.dataset.at >= after) said.remove()
}

again.addEventListener('click', begin)
addEventListener('pagehide', () => connection.close())

// --- Buttons ---

byId('copy').addEventListener('click', async ({ target }) => {
  const was = target.textContent
  target.textContent = (await terminal.copy()) ? 'Copied' : 'Nothing is selected'
  setTimeout(() => (target.textContent = was), 2000)
})

// Only over HTTPS, and on this machine, may a page ask for what was copied.
byId('paste').hidden = !navigator.clipboard?.readText
byId('paste').addEventListener('click', async () => {
  const text = await navigator.clipboard.readText().catch(() => '')
  if (text) terminal.paste(text)
  terminal.focus()
})

// A tap that took the focus would shut the keyboard on the screen.
byId('keys').addEventListener('pointerdown', (event) => event.preventDefault())
byId('keys').addEventListener('click', ({ target }) => {
  const { key } = target.closest('button')?.dataset ?? {}
  if (key) terminal.press(key)
})
terminal.onCtrl((is) => byId('ctrl').setAttribute('aria-pressed', is))

function readAloud(is) {
  reader.setAttribute('aria-pressed', is)
  terminal.read(is)
}
readAloud(stored() === 'on')
reader.addEventListener('click', () => {
  const is = reader.getAttribute('aria-pressed') !== 'true'
  readAloud(is)
  store(is ? 'on' : 'off')
})

function stored() {
  try {
    return localStorage.getItem(READER)
  } catch {
    return null
  }
}

function store(value) {
  try {
    localStorage.setItem(READER, value)
  } catch {
    // A browser that keeps nothing asks anew each time.
  }
}

// --- What a keyboard on the screen leaves of the window ---

const view = globalThis.visualViewport
function fill() {
  document.documentElement.style.setProperty('--seen', `${view.height}px`)
  // With what is written last, and the keys, above it.
  if (byId('terminal').contains(document.activeElement)) byId('shell').scrollIntoView({ block: 'nearest' })
}
view?.addEventListener('resize', fill)
if (view) fill()

begin()
