// The waiting page, live: puts what /.lotan/events tells into its places, counts the seconds in between, and loads the
// page again when there is something else to see at this address.
{
  const find = (selector) => document.querySelector(selector)
  const bar = find('progress')
  const stages = find('.stages')
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text
  }

  // As format.ts writes durations.
  const duration = (ms) => {
    const [s, min, h] = [1e3, 6e4, 36e5].map((unit) => Math.floor(ms / unit))
    const two = (a, first, b, second) => a + '\u00a0' + first + (b ? '\u00a0' + b + '\u00a0' + second : '')
    return h ? two(h, 'h', min % 60, 'min') : min ? two(min, 'min', s % 60, 's') : two(s, 's')
  }

  let began = performance.now() - find('#so-far').dataset.ms
  const tick = () => {
    const soFar = performance.now() - began
    put(find('#so-far'), duration(soFar))
    for (const stage of document.querySelectorAll('[data-from]')) put(stage, duration(soFar - stage.dataset.from))
  }
  const ticking = setInterval(tick, 500)

  const say = (told) => {
    document.title = told.title
    put(find('h1'), told.heading)
    put(find('[role=status]'), told.status)
  }

  const show = (told) => {
    say(told)
    put(find('#line'), told.line)
    put(find('#aside'), told.aside)
    put(find('#usually'), told.usually && ', ' + told.usually)
    if (told.bar === null) bar.removeAttribute('value')
    // Never backwards: what is found out late may make the whole larger.
    else bar.value = Math.max(bar.value, told.bar)
    told.stages.forEach(({ mark, text, from }, i) => {
      const stage = stages.children[i]
      const [icon, name, right] = stage.children
      stage.className = mark
      if (mark === 'current') stage.setAttribute('aria-current', 'step')
      else stage.removeAttribute('aria-current')
      icon.firstChild.setAttribute('d', stages.dataset[mark])
      put(name.lastChild, mark === 'done' ? ', done' : '')
      if (from === null) {
        delete right.dataset.from
        put(right, text)
      } else right.dataset.from = from
    })
    began = performance.now() - told.soFar
    tick()
  }

  // The second time in a row it waits a little: a page that loads itself must not become a storm.
  const reload = (told) => {
    clearInterval(ticking)
    source.close()
    const again = performance.getEntriesByType('navigation')[0]?.type === 'reload' && performance.now() < 1500
    setTimeout(() => location.reload(), again ? 1000 : 0)
    if (told) setTimeout(stillHere, 4000, told)
  }

  // The application was asked, and its page has not come in place of this one: it takes its time, or that is a download,
  // or an answer without a page (204), which browsers tell no script of.
  const stillHere = (told) => {
    if (told.over !== 'running') return
    say(told)
    find('.num').hidden = stages.hidden = true
    find('#asked').hidden = false
  }

  const source = new EventSource('/.lotan/events')
  // No word at all: without events, the page looks again by itself.
  let silence = setTimeout(reload, 4000)
  source.onmessage = ({ data }) => {
    clearTimeout(silence)
    const told = JSON.parse(data)
    if (told.over && told.over !== 'stopped') return reload(told)
    show(told)
    if (!told.over) {
      silence = setTimeout(reload, 20000)
      return
    }
    // A person stopped it: loading the page would start it again.
    source.close()
    clearInterval(ticking)
    find('#again').hidden = false
  }
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(silence)
    silence = setTimeout(reload, 3000)
  }
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
}
