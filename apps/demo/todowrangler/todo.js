// A to-do list, kept in this browser. Which items are shown is in the address: ?filter=open.
const key = 'todowrangler'
const words = { all: 'Nothing to be done.', open: 'Nothing is open.', done: 'Nothing is done yet.' }
const $ = (selector) => document.querySelector(selector)

let items = load()
show()

$('#add').addEventListener('submit', (event) => {
  event.preventDefault()
  const field = $('#text')
  const text = field.value.trim()
  field.value = ''
  if (text) change([...items, { id: crypto.getRandomValues(new Uint32Array(1))[0], text, done: false }])
})

$('#items').addEventListener('change', ({ target }) => {
  const id = idOf(target)
  change(items.map((item) => (item.id === id ? { ...item, done: target.checked } : item)))
  // The list was drawn anew: whoever works by keyboard goes on where they were.
  $(`[data-id="${id}"] input`)?.focus()
})

$('#items').addEventListener('click', ({ target }) => {
  if (!target.matches('button')) return
  const id = idOf(target)
  change(items.filter((item) => item.id !== id))
  $('#text').focus()
})

$('#clear').addEventListener('click', () => change(items.filter(({ done }) => !done)))

for (const link of document.querySelectorAll('nav a'))
  link.addEventListener('click', (event) => {
    event.preventDefault()
    history.pushState(null, '', link.href)
    show()
  })

addEventListener('popstate', show)
// Another tab changed the list.
addEventListener('storage', () => {
  items = load()
  show()
})

function change(now) {
  items = now
  try {
    localStorage.setItem(key, JSON.stringify(items))
  } catch {
    // Storage is full or forbidden: the list lives as long as the page.
  }
  show()
}

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(key))
    if (Array.isArray(kept)) return kept
  } catch {
    // Not readable: begin anew.
  }
  return [
    { id: 1, text: 'Click the address of a pull request', done: true },
    { id: 2, text: 'Try what has changed', done: false },
    { id: 3, text: 'Tell its author', done: false },
  ]
}

function show() {
  const asked = new URLSearchParams(location.search).get('filter')
  const filter = asked in words ? asked : 'all'
  const shown = items.filter(({ done }) => filter === 'all' || done === (filter === 'done'))
  $('#items').replaceChildren(...shown.map(toElement))
  $('#none').hidden = shown.length > 0
  $('#none').textContent = words[filter]
  const open = items.filter(({ done }) => !done).length
  $('#count').textContent = `${open} open, ${items.length - open} done`
  $('#clear').hidden = open === items.length
  for (const link of document.querySelectorAll('nav a'))
    if (new URL(link.href).searchParams.get('filter') === filter) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
}

function toElement({ id, text, done }) {
  const element = $('#item').content.firstElementChild.cloneNode(true)
  element.dataset.id = id
  element.classList.toggle('done', done)
  element.querySelector('input').checked = done
  element.querySelector('span').textContent = text
  element.querySelector('button').setAttribute('aria-label', `Delete ${text}`)
  return element
}

function idOf(target) {
  return Number(target.closest('li').dataset.id)
}
