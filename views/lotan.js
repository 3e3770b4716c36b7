// The admin pages, live. Whenever something happens the page is fetched again, and what differs is put in its place:
// the server has one way to write a row, and without this script the same page does the same.
{
  const EVERY = 1000 // at most once in so many milliseconds
  const SOON = 300 // several changes come together
  const ANYWAY = 15000 // ages and figures move without any event

  // Not location.href: a form's answer may stand at an address that only takes forms. The list's script changes the page.
  const { events } = document.body.dataset

  // For the scripts of single pages: how the page is read, who is told of what was read, before and after it is shown,
  // and to read it now.
  const readAll = async (page) => {
    const response = await fetch(page, { headers: { Accept: 'text/html' }, cache: 'no-store' })
    return { response, told: response.ok ? { html: await response.text() } : undefined }
  }
  const lotan = (globalThis.lotan = { read: readAll, before: () => {}, fresh: () => {}, refresh: () => atOnce() })

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
    lotan.before(fresh)
    for (const part of document.querySelectorAll('[data-live]')) swap(part, fresh.getElementById(part.id))
    focus()
    lotan.fresh(fresh, told)
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

  // An element's title is the whole of what it shows.
  document.addEventListener('click', async ({ target }) => {
    const button = target.closest('[data-copy]')
    if (!button) return
    const source = document.querySelector(button.dataset.copy)
    try {
      await navigator.clipboard.writeText(source.title || source.textContent)
    } catch {
      // Plain HTTP has no clipboard of its own: the selection is copied, or at least stands ready to be.
      getSelection().selectAllChildren(source)
      if (!document.execCommand('copy')) return
    }
    if (button.dataset.copied) return
    const was = [...button.childNodes]
    button.dataset.copied = 'yes'
    button.replaceChildren('Copied')
    setTimeout(() => (button.replaceChildren(...was), delete button.dataset.copied), 2000)
  })
}
