// A to-do list. Which items are shown is in the address: ?filter=open.
import { follow, load, save } from '/store.js'

const first = [
  { id: 1, text: 'Click the address of a pull request', done: true },
  { id: 2, text: 'Try what has changed', done: false },
  { id: 3, text: 'Tell its author', done: false },
]
const words = { all: 'Nothing to be done.', open: 'Nothing is open.', done: 'Nothing is done yet.' }
const $ = (selector) => document.querySelector(selector)

let items = first
await fetchItems()

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
follow(fetchItems)

async function fetchItems() {
  try {
    const kept = await load()
    items = Array.isArray(kept) ? kept : first
    show()
  } catch (error) {
    complain(error)
  }
}

async function change(now) {
  items = now
  show()
  try {
    await save(items)
  } catch (error) {
    complain(error)
  }
}

function complain({ message }) {
  $('#count').textContent = message
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
