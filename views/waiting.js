// The waiting page, live: puts what /.lotan/events tells into its places, counts the seconds in between, and loads the
// page again when there is something else to see at this address.
{
  const find = (css) => document.querySelector(css)
  const main = find('main')
  const bar = find('progress')
  const fold = find('details')
  const rows = find('.stages').children
  const put = (node, text) => {
    if (node.textContent !== text) node.textContent = text
  }

  // As format.ts writes durations.
  const duration = (ms) => {
    const [s, min, h] = [1e3, 6e4, 36e5].map((unit) => Math.floor(ms / unit))
    const two = (a, first, b, second) => a + '\u00a0' + first + (b ? '\u00a0' + b + '\u00a0' + second : '')
    return h ? two(h, 'h', min % 60, 'min') : min ? two(min, 'min', s % 60, 's') : two(s, 's')
  }

  // As start-way.ts has it.
  const barAt = ({ bar, creep }, soFar) => {
    if (bar === null || !creep) return bar
    return Math.floor(bar + (creep.to - bar) * (1 - Math.exp(-Math.max(0, soFar - creep.from) / creep.over)))
  }

  let told
  let began = performance.now() - find('#so-far').dataset.ms
  // Never backwards: what is found out late may make the whole larger, and a retry begins anew.
  let most = bar.value

  const tick = () => {
    const soFar = performance.now() - began
    put(find('#so-far'), duration(soFar))
    if (!told) return
    told.stages.forEach(({ from }, i) => {
      if (from !== null) put(rows[i].lastChild, duration(soFar - from))
    })
    const now = barAt(told, soFar)
    if (now !== null) most = Math.max(most, now)
    if (most) bar.value = most
    const slow = told.slowAt !== null && soFar > told.slowAt
    if (slow && !main.classList.contains('slow')) fold.open = true
    main.classList.toggle('slow', slow)
    find('#slow').hidden = !slow
    fold.hidden = told.isQuick && !slow
    const far = now === null ? told.title : most + '\u00a0%'
    document.title = (told.over ? told.title : slow ? 'Slower than usual' : far) + ' · ' + told.name
  }
  const timer = setInterval(tick, 500)

  const say = () => {
    const [before, , behind] = find('h1').children
    put(before, told.heading[0])
    put(behind, told.heading[1])
    put(find('[role=status]'), told.status)
  }

  const show = () => {
    say()
    const [line, aside] = find('.pair').firstChild.children
    put(line, told.line)
    put(aside, told.aside)
    put(find('#slow').lastChild, told.slow)
    put(find('summary'), told.step)
    put(find('.about').firstChild, told.about)
    // Its services are known once its image is: each has a stage.
    while (rows[told.stages.length]) rows[0].remove()
    told.stages.forEach(({ name, mark, text, from }, i) => {
      if (!rows[i]) rows[i - 1].after(rows[0].cloneNode(true))
      const row = rows[i]
      put(row.firstChild, name)
      row.className = mark
      row.ariaCurrent = i === told.at ? 'step' : null
      if (from === null) put(row.lastChild, text)
    })
    began = performance.now() - told.soFar
    tick()
  }

  // What counts on has come to its end: no bar, no stage, no time.
  const end = () => {
    clearInterval(timer)
    document.title = told.title + ' · ' + told.name
    main.classList.remove('slow')
    find('#way').hidden = find('#slow').hidden = fold.hidden = true
  }

  // The second time in a row it waits a little: a page that loads itself must not become a storm.
  const reload = () => {
    clearInterval(timer)
    source.close()
    const again = performance.getEntriesByType('navigation')[0]?.type === 'reload' && performance.now() < 1500
    setTimeout(() => location.reload(), again ? 1000 : 0)
    setTimeout(stays, 4000)
  }

  // The application was asked, and its page has not come in place of this one: it takes its time, or that is a download,
  // or an answer without a page (204), which browsers tell no script of.
  const stays = () => {
    if (told?.over !== 'running') return
    say()
    end()
    find('#asked').hidden = false
  }

  const source = new EventSource('/.lotan/events')
  // No word at all: without events, the page looks again by itself.
  let quiet = setTimeout(reload, 4000)
  source.onmessage = ({ data }) => {
    clearTimeout(quiet)
    told = JSON.parse(data)
    if (told.over && told.over !== 'stopped') return reload()
    show()
    if (!told.over) {
      quiet = setTimeout(reload, 20000)
      return
    }
    // A person stopped it: loading the page would start it again.
    source.close()
    end()
    find('#again').hidden = false
  }
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(quiet)
    quiet = setTimeout(reload, 3000)
  }
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
}
