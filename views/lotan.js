// The admin pages, live. Whenever something happens the page is fetched again, and what differs is put in its place:
// the server has one way to write a row, and without this script the same page does the same.
{
  const EVERY = 1000 // at most once in so many milliseconds
  const SOON = 300 // several changes come together
  // Ages and figures move without any event, and what an application writes is none.
  const ANYWAY = document.querySelector('#output') ? 2000 : 15000

  // Not location.href: a form's answer may stand at an address that only takes forms. The list's script changes the page.
  const { events } = document.body.dataset

  // For the scripts of single pages: how the page is read, who is told of what was read, and to read it now.
  const readAll = async (page) => {
    const response = await fetch(page, { headers: { Accept: 'text/html' }, cache: 'no-store' })
    return { response, told: response.ok ? { html: await response.text() } : undefined }
  }
  const lotan = (globalThis.lotan = { read: readAll, fresh: () => {}, refresh: () => atOnce() })

  let timer
  let fetching = false
  let last = 0

  const soon = () => {
    timer ??= setTimeout(refresh, Math.max(SOON, last + EVERY - Date.now()))
  }

  const atOnce = () => {
    clearTimeout(timer)
    timer = setTimeout(refresh)
  }

  async function refresh() {
    timer = undefined
    if (document.hidden) return
    if (fetching) return soon()
    fetching = true
    last = Date.now()
    const { page } = document.body.dataset
    try {
      const { response, told } = await lotan.read(page)
      // Logged out, or the preview is gone: the page itself says so. While Lotan restarts, it waits.
      if (response.redirected || (response.status >= 400 && response.status < 500)) return location.assign(page)
      // Another page was asked for meanwhile.
      if (page !== document.body.dataset.page) atOnce()
      else if (told) show(new DOMParser().parseFromString(told.html, 'text/html'), told)
    } catch {
      // The event stream notices that Lotan is away, and when it is back.
    } finally {
      fetching = false
    }
  }

  function show(fresh, told) {
    const focus = whereFocusIs()
    document.title = fresh.title
    for (const part of document.querySelectorAll('[data-live]')) swap(part, fresh.getElementById(part.id))
    showLog(document.querySelector('#output'), fresh.querySelector('#output'))
    focus()
    lotan.fresh(fresh, told)
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
