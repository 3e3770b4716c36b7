// The page of a tag that is not in the registry, live: asks for it again, ever more rarely, and opens it once it is there.
{
  const find = (selector) => document.querySelector(selector)
  const bar = find('progress')
  // Seconds until the next time. It is in vain while the tab is not seen, and after half an hour.
  const waits = [15, 15, 30, 30]
  const longest = 60
  const enough = 30 * 60e3
  let asked = 0
  let isAsking = false
  let total
  let ends

  const countDown = (ms) => {
    isAsking = false
    total = bar.max = ms
    ends = performance.now() + ms
    find('#doing').textContent = 'Asking the registry again'
    tick()
  }

  const tick = () => {
    if (isAsking) return
    const rest = ends - performance.now()
    bar.value = Math.max(0, total - rest)
    find('#left').textContent = rest > 0 ? 'in ' + Math.ceil(rest / 1000) + '\u00a0s' : ''
    if (rest > 0 || document.hidden) return
    if (performance.now() > enough) return stop()
    ask()
  }

  const stop = () => {
    clearInterval(ticking)
    find('#way').hidden = true
    find('#over').textContent = 'This page has stopped asking. It was not there for half an hour.'
  }

  const ask = async () => {
    isAsking = true
    asked++
    find('#doing').textContent = 'Asking the registry'
    find('#left').textContent = ''
    find('#asked').textContent = 'asked ' + (asked === 1 ? 'once' : asked + ' times')
    bar.removeAttribute('value')
    // What becomes of it is told by the events, wherever this leads to.
    await fetch('/.lotan/retry', { method: 'POST', redirect: 'manual' }).catch(() => {})
    const source = new EventSource('/.lotan/events')
    const open = () => location.reload()
    // It takes longer than a question does: it is there, and waits.
    const patience = setTimeout(open, 5000)
    source.onmessage = ({ data }) => {
      const { over, state } = JSON.parse(data)
      if (over === null && state === 'queued') return
      clearTimeout(patience)
      source.close()
      if (over === 'gone' || over === 'stopped') countDown((waits[asked] ?? longest) * 1000)
      else open()
    }
  }

  const ticking = setInterval(tick, 500)
  document.addEventListener('visibilitychange', tick)
  countDown(Number(find('#left').dataset.ms))
}
