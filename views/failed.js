// The failure page, live: counts down to the next try, and shows it as soon as something else is to be seen.
{
  const left = document.querySelector('#left')
  const ends = left && performance.now() + Number(left.dataset.ms)
  const tick = () => {
    const s = Math.ceil((ends - performance.now()) / 1000)
    const text =
      s > 60 ? Math.floor(s / 60) + '\u00a0min' + (s % 60 ? '\u00a0' + (s % 60) + '\u00a0s' : '') : s + '\u00a0s'
    left.textContent = s > 0 ? 'in ' + text : 'now'
  }
  if (left) setInterval(tick, 1000)

  const source = new EventSource('/.lotan/events')
  source.onmessage = ({ data }) => {
    const { over } = JSON.parse(data)
    // Who stopped it meanwhile does not want it started by this page.
    if (over === 'failed' || over === 'stopped') return
    source.close()
    location.reload()
  }
}
