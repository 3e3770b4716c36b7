// The admin pages, live. Whenever something happens the page is fetched again, and what differs is put in its place:
// the server has one way to write a row, and without this script the same page does the same.
{
  const EVERY = 1000 // at most once in so many milliseconds
  const SOON = 300 // several changes come together
  // Ages and figures move without any event, and what an application writes is none.
  const ANYWAY = document.querySelector('#output') ? 2000 : 15000

  // Not location.href: a form's answer may stand at an address that only takes forms.
  const { page, events } = document.body.dataset

  let timer
  let fetching = false
  let last = 0

  const soon = () => {
    timer ??= setTimeout(refresh, Math.max(SOON, last + EVERY - Date.now()))
  }

  async function refresh() {
    timer = undefined
    if (document.hidden) return
    if (fetching) return soon()
    fetching = true
    last = Date.now()
    try {
      const response = await fetch(page, { headers: { Accept: 'text/html' }, cache: 'no-store' })
      // Logged out, or the preview is gone: the page itself says so. While Lotan restarts, it waits.
      if (response.redirected || (response.status >= 400 && response.status < 500)) return location.assign(page)
      if (response.ok) show(new DOMParser().parseFromString(await response.text(), 'text/html'))
    } catch {
      // The event stream notices that Lotan is away, and when it is back.
    } finally {
      fetching = false
    }
  }

  function show(fresh) {
    const focus = whereFocusIs()
    document.title = fresh.title
    for (const part of document.querySelectorAll('[data-live]')) swap(part, fresh.getElementById(part.id))
    showRows(document.querySelector('.previews tbody'), fresh.querySelector('.previews tbody'))
    showLog(document.querySelector('#output'), fresh.querySelector('#output'))
    focus()
  }

  // Cell by cell, so that a button is not replaced between press and release, and rows that stay do not move.
  function showRows(table, fresh) {
    if (!table || !fresh) return
    const rows = new Map([...table.rows].map((row) => [row.dataset.tag, row]))
    for (const [i, next] of [...fresh.rows].entries()) {
      const row = rows.get(next.dataset.tag) ?? next
      rows.delete(next.dataset.tag)
      if (row !== next) for (const [j, cell] of [...next.cells].entries()) swap(row.cells[j], cell)
      if (table.rows[i] !== row) table.insertBefore(row, table.rows[i] ?? null)
    }
    for (const row of rows.values()) row.remove()
  }

  // A reader's place in the log stays; at its end the log follows.
  function showLog(output, fresh) {
    const [log, next] = [output, fresh].map((part) => part?.querySelector('.log'))
    if (log && next) {
      const atEnd = log.scrollHeight - log.clientHeight - log.scrollTop < 8
      write(log, next.textContent)
      if (atEnd) log.scrollTop = log.scrollHeight
    } else if (output) swap(output, fresh)
  }

  // What is on the page already stays in its place, and with it any selection: new lines come below, and the
  // oldest go above.
  function write(log, text) {
    const node = log.firstChild
    const old = node.data
    const first = text.slice(0, text.indexOf('\n') + 1) || text
    for (let at = old.indexOf(first); at >= 0; at = old.indexOf(first, at + 1)) {
      if ((at > 0 && old[at - 1] !== '\n') || !text.startsWith(old.slice(at))) continue
      node.appendData(text.slice(old.length - at))
      const height = log.scrollHeight
      node.deleteData(0, at)
      log.scrollTop -= height - log.scrollHeight
      return
    }
    node.data = text
  }

  function swap(part, fresh) {
    if (fresh && part.outerHTML !== fresh.outerHTML) part.replaceWith(fresh)
  }

  // The same control in the new markup gets the focus that the old one had; where it is gone, its row's link does.
  function whereFocusIs() {
    const { activeElement: element } = document
    const name = ['id', 'formaction', 'href'].find((attribute) => element.hasAttribute(attribute))
    if (!name) return () => {}
    const selector = `[${name}="${CSS.escape(element.getAttribute(name))}"]`
    const row = element.closest('[data-tag]')
    return () => {
      if (element.isConnected) return
      const heir = document.querySelector(selector) ?? row?.querySelector('.acts a')
      heir?.focus({ preventScroll: true })
    }
  }

  function listen() {
    const source = new EventSource(events)
    for (const event of ['preview', 'removed']) source.addEventListener(event, soon)
    source.onopen = () => {
      say('Live', true)
      soon()
    }
    source.onerror = () => {
      say('Reconnecting', false)
      if (source.readyState !== EventSource.CLOSED) return
      // The browser gives up for good on an answer that is no stream: Lotan restarts, or wants a login.
      soon()
      setTimeout(listen, 3000)
    }
  }

  function say(text, connected) {
    const live = document.querySelector('#live')
    if (!live) return
    live.textContent = text
    live.classList.toggle('live', connected)
  }

  // The page of the API has nothing that moves.
  if (events) {
    listen()
    setInterval(soon, ANYWAY)
    addEventListener('visibilitychange', () => document.hidden || soon())
  }
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())

  for (const log of document.querySelectorAll('.log')) log.scrollTop = log.scrollHeight

  for (const button of document.querySelectorAll('[data-copy]'))
    button.addEventListener('click', async () => {
      const source = document.querySelector(button.dataset.copy)
      try {
        await navigator.clipboard.writeText(source.textContent)
      } catch {
        // Plain HTTP has no clipboard of its own: the selection is copied, or at least stands ready to be.
        getSelection().selectAllChildren(source)
        if (!document.execCommand('copy')) return
      }
      button.textContent = 'Copied'
      setTimeout(() => (button.textContent = 'Copy'), 2000)
    })
}
