// The list: rows that change in place, buttons that act where they are, find as you type, keys.
{
  const AIMED = 5000 // for so long after a pointer or a key was in the list no row moves
  const NOTE = 10000 // how long the note after an action stays, and the removal it tells of may be taken back

  const find = document.querySelector('#q')
  const toast = document.querySelector('#toast')
  const menu = document.querySelector('#more')

  // ---- Rows: the server sends those that it writes in another way than this page has them. They change cell by cell.

  const MOST_SENT = 50000 // characters: the server takes 60 000
  const table = () => document.querySelector('.previews tbody')
  const rows = () => [...(table()?.rows ?? [])]
  // Rows that have come, and stand in no place yet.
  const arrived = new Map()
  let aimedAt = -Infinity
  let waiting

  lotan.read = async (page) => {
    const body = JSON.stringify({ page, have: have() })
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' }
    const response = await fetch('/list', { method: 'POST', headers, body })
    return { response, told: response.ok ? await response.json() : undefined }
  }

  function have() {
    const known = {}
    let left = MOST_SENT
    for (const { dataset } of [...rows(), ...arrived.values()])
      if ((left -= dataset.tag.length + 16) > 0)
        Object.defineProperty(known, dataset.tag, { value: dataset.version, enumerable: true, configurable: true })
    return known
  }

  lotan.fresh = (fresh, told) => {
    // The first preview has come, or the last one has gone.
    if (!table() !== !fresh.querySelector('.previews')) return location.reload()
    if (!table()) return
    const shown = new Map(rows().map((row) => [row.dataset.tag, row]))
    for (const [tag, html] of Object.entries(told.rows)) {
      const next = parsed(html)
      if (shown.has(tag)) write(shown.get(tag), next)
      else arrived.set(tag, next)
    }
    arrange(told.order)
  }

  function parsed(html) {
    const template = document.createElement('template')
    template.innerHTML = html
    return template.content.querySelector('tr')
  }

  function write(row, next) {
    row.className = next.className
    Object.assign(row.dataset, { ...next.dataset })
    for (const [i, cell] of [...next.cells].entries()) {
      const old = row.cells[i]
      if (old.classList.contains('tick') || old.outerHTML === cell.outerHTML) continue
      const at = [...old.querySelectorAll('a, button')].indexOf(document.activeElement)
      old.replaceWith(cell)
      // The same control in the new cell has the focus that the old one had.
      if (at >= 0) cell.querySelectorAll('a, button')[at]?.focus({ preventScroll: true })
    }
  }

  // Rows come, go and move only while nobody aims at one.
  function arrange(order) {
    clearTimeout(waiting)
    const left = aimedAt + AIMED - performance.now()
    if (left > 0 || menu.matches(':popover-open'))
      return void (waiting = setTimeout(arrange, Math.max(left, 500), order))
    const old = new Map(rows().map((row) => [row.dataset.tag, row]))
    let at = table().firstElementChild
    for (const tag of order) {
      const row = old.get(tag) ?? arrived.get(tag)
      old.delete(tag)
      if (!row) continue
      if (row === at) at = at.nextElementSibling
      else table().insertBefore(row, at)
    }
    for (const row of old.values()) row.remove()
    arrived.clear()
    count()
  }

  const aim = () => (aimedAt = performance.now())
  for (const event of ['pointermove', 'pointerdown', 'keydown'])
    document.addEventListener(event, ({ target }) => target.closest?.('.previews tbody, .bulk, .pop') && aim(), {
      passive: true,
    })

  // ---- Actions: what a form would do, without leaving the place in the list.

  document.addEventListener('submit', async (event) => {
    const { target: form, submitter } = event
    if (!form.matches('#act, #bulk, .add, #toast')) return
    event.preventDefault()
    closeMenu()
    const path = submitter?.hasAttribute('formaction') ? submitter.formAction : form.action
    try {
      const sent = new URLSearchParams(new FormData(form, submitter))
      const response = await fetch(path, { method: 'POST', headers: { Accept: 'application/json' }, body: sent })
      if (response.status === 401 || response.redirected) return location.reload()
      const { says, undo } = await response.json()
      if (form.matches('.add')) answerAdd(form, response.ok ? '' : says)
      if (form.matches('#bulk')) clearTicks()
      if (response.ok || !form.matches('.add')) note(says, undo)
    } catch {
      note('Lotan did not answer. The row shows whether it was done.')
    }
    aimedAt = -Infinity
    lotan.refresh()
  })

  function answerAdd(form, problem) {
    const field = form.querySelector('input')
    form.querySelector('#problem').textContent = problem
    if (problem) return field.setAttribute('aria-invalid', 'true')
    field.removeAttribute('aria-invalid')
    field.value = ''
    // What was added is to be seen.
    find.value = ''
    for (const only of find.form.querySelectorAll('[name=state], [name=of]')) only.remove()
    showFound()
  }

  // Each repository has suggestions of its own.
  document.querySelector('.add select')?.addEventListener('change', ({ target }) => {
    document.querySelector('#add').setAttribute('list', target.selectedOptions[0].dataset.list)
  })

  let closing
  function note(says, undo) {
    toast.querySelector('p').textContent = says
    document.querySelector('#said').textContent = says
    for (const old of toast.querySelectorAll('input')) old.remove()
    toast.querySelector('[data-undo]').hidden = !undo
    if (undo) toast.action = undo.path
    for (const tag of undo?.tags ?? [])
      toast.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'tag', value: tag }))
    toast.hidden = false
    closeSoon()
  }

  function closeSoon() {
    clearTimeout(closing)
    closing = setTimeout(() => (toast.matches(':hover, :focus-within') ? closeSoon() : close()), NOTE)
  }

  function close() {
    if (toast.contains(document.activeElement)) document.activeElement.blur()
    toast.hidden = true
  }
  toast.querySelector('[data-close]').addEventListener('click', close)

  // ---- A row's menu. One stands for all rows, and is written as it opens.

  document.addEventListener('click', (event) => {
    const more = event.target.closest('.more')
    if (!more || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    openMenu(more)
  })

  function openMenu(more) {
    const row = more.closest('tr')
    const { tag, path, acts } = row.dataset
    const offered = acts.split(' ')
    const main = row.querySelector('.acts button')
    menu.replaceChildren(document.querySelector('#menu').content.cloneNode(true))
    menu.setAttribute('aria-label', `More for ${tag}`)
    for (const part of menu.querySelectorAll('[data-to]')) {
      const { to } = part.dataset
      if (!offered.includes(to)) part.remove()
      else if (part.matches('button')) part.setAttribute('formaction', `${path}/${to}`)
      // It wakes, or is tried again.
      if (to === main.dataset.to && part.matches('button') && !part.value)
        part.querySelector('span').textContent = main.firstChild.data
    }
    menu.querySelector('[data-go]').href = row.querySelector('.go').href
    menu.querySelector('[data-details]').href = path
    menu.showPopover()
    const at = more.getBoundingClientRect()
    const { width, height } = menu.getBoundingClientRect()
    const below = at.bottom + 4 + height < innerHeight
    menu.style.left = `${Math.max(8, at.right - width)}px`
    menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - 4 - height)}px`
    menu.querySelector('a, button').focus({ preventScroll: true })
  }

  function closeMenu() {
    if (menu.matches(':popover-open')) menu.hidePopover()
  }
  addEventListener('scroll', closeMenu, { passive: true })

  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const parts = [...menu.querySelectorAll('a, button')]
    parts.at((parts.indexOf(document.activeElement) + step) % parts.length).focus()
  })

  // ---- Selection.

  const all = document.querySelector('#all')
  const ticks = () => [...document.querySelectorAll('tbody .tick input')]

  function count() {
    if (!all) return
    const ticked = ticks().filter(({ checked }) => checked).length
    all.checked = ticked > 0 && ticked === ticks().length
    all.indeterminate = ticked > 0 && !all.checked
  }

  function clearTicks() {
    for (const tick of ticks()) tick.checked = false
    count()
  }

  document.addEventListener('change', ({ target }) => {
    if (target === all) for (const tick of ticks()) tick.checked = all.checked
    if (target.closest('.tick')) count()
  })
  document.addEventListener('reset', () => setTimeout(count))

  // ---- Find as you type: the server finds, as it does without script.

  let typed
  find.addEventListener('input', () => {
    clearTimeout(typed)
    typed = setTimeout(showFound, 120)
  })

  function showFound() {
    const query = new URLSearchParams(new FormData(find.form))
    if (!query.get('q')) query.delete('q')
    const page = `/${query.size ? `?${query}` : ''}`
    history.replaceState(null, '', page)
    document.body.dataset.page = page
    aimedAt = -Infinity
    lotan.refresh()
  }

  // ---- Keys.

  const keys = document.querySelector('#keys')
  const on = document.querySelector('#keys-on')
  const remembered = {
    get: () => {
      try {
        return localStorage.getItem('lotan-keys') !== 'off'
      } catch {
        return true
      }
    },
    set: (isOn) => {
      try {
        localStorage.setItem('lotan-keys', isOn ? 'on' : 'off')
      } catch {
        // Without storage it holds for this page.
      }
    },
  }
  on.checked = remembered.get()
  on.addEventListener('change', () => remembered.set(on.checked))
  document.querySelector('#ask-keys').addEventListener('click', () => keys.showModal())

  const rowOf = () => document.activeElement?.closest('tr[data-tag]')
  function go(step) {
    const all = rows()
    const at = all.indexOf(rowOf())
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step
    all[next]?.querySelector('.name').focus()
  }

  const does = {
    '/': () => find.select(),
    j: () => go(1),
    k: () => go(-1),
    o: () => rowOf()?.querySelector('.go').click(),
    s: () => rowOf()?.querySelector('.acts button').click(),
    m: () => rowOf() && openMenu(rowOf().querySelector('.more')),
    x: () => rowOf()?.querySelector('.tick input').click(),
    u: () => toast.hidden || toast.querySelector('[data-undo]:not([hidden])')?.click(),
    '?': () => keys.showModal(),
  }
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && event.target === find) return leaveFind()
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return
    if (event.target.matches('input:not([type=checkbox]), textarea, select')) return
    if (!Object.hasOwn(does, event.key) || (!on.checked && event.key !== '?')) return
    event.preventDefault()
    does[event.key]()
  })

  function leaveFind() {
    if (find.value) find.dispatchEvent(new Event('input', void (find.value = '')))
    find.blur()
  }
}
